"""Tests of how runs of a backfill start."""
