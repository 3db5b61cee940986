"""Kriging, alone or of what a trend leaves, and the variograms that it rests on."""
