"""Models behind any OpenAI-compatible endpoint: asked once, answered for good, paid within a budget."""
