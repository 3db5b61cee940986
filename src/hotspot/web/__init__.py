"""The viewer: maps as tiles, one place explained, any limit, and the review, in a browser."""
