"""Public data sets: what is offered, fetching it, and bringing it into form."""
