"""Maps of where a contaminant exceeds a limit, how sure that is, and why."""

__version__ = "0.1.0"
