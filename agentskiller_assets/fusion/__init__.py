"""Fusion: two services in one environment, with people in common and names that cannot collide."""
