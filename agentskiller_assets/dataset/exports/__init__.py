"""The dataset as other tools read it: as files with the same bytes every time."""
