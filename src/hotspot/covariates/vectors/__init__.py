"""Vector features: reading them in the CRS of a grid, from files of known formats."""
