"""What an unknown table seems to mean, and what of that is unsure."""
