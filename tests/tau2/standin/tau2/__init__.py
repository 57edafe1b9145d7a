"""A stand-in for tau2-bench: as much of its published interface as a domain meets, and what it does with it.

It is put on the path of processes that use an exported folder; nothing of this project imports it.
"""
