"""The author that asks models: one module per need, with the prompt, the form of its answer, and what it is held to."""
