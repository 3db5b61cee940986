"""Where runs are remembered: a small protocol, and MLflow behind it."""
