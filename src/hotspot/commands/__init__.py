"""The shell around the core: one file per verb reads, calls, and writes."""
