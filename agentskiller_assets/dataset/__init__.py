"""Examples to train on: which conversations are kept, why the others are not, and in which split they are."""
