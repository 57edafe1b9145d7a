"""Whether a conversation did what its task asks for, in the way that the policy asks for."""
