"""Agents and users that are played by a model behind an OpenAI-compatible endpoint."""
