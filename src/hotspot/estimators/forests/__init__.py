"""Random forests that answer with distributions, and what their leaves hold."""
