"""A real model on a real server: `make test-llm`. Not part of `make test`, which needs no model.

The model is tiny. It proves client, schemas, feedback and doctor against real sockets; its content is of no use.
"""
