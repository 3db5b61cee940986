"""What was asked: the typed schema, its one door, and where files of an experiment lie."""
