"""Tests of the export for tau2-bench."""
