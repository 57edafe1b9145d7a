"""Conversations between an agent and a user about one task, on a session of its own."""
