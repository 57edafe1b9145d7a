"""How runs of a backfill start: forked from a process that has loaded everything, and known to be alive or dead."""
