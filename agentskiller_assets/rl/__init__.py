"""Certified tasks as episodes: an agent talks with a user, calls tools, and is rewarded at the end."""

from agentskiller_assets.rl.actions import Action, Call, Say
from agentskiller_assets.rl.environment import Observation, TaskEnvironment

__all__ = ["Action", "Call", "Observation", "Say", "TaskEnvironment"]
