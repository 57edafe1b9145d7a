"""What tau2 keeps a conversation in."""
