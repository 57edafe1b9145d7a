"""Agents and users that talk without any model: from the gold steps, the persona and the policy."""
