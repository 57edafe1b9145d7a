"""What tau2 reads from files."""
