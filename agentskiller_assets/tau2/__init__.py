"""Domains and pairs as domains of tau2-bench: a package with tools, records, and tasks with strict gold."""
