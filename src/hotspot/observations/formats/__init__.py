"""Files and databases as tables of text."""
