"""When it pays to get the compiled loops ready."""

import sys

# Seconds that the compiled loops take to be read from disk. They are compiled once for all,
# which takes some five seconds more.
_LOOPS = 2.0


class Patience:
    """Tells when rows have cost as much without preparation as the preparation would.

    Who prepares then never takes more than twice the time of the better of the two ways,
    however many rows are still to come. Both ways give the same bytes, so that nothing but
    time depends on it.

    Examples
    --------
    >>> patience = Patience()
    >>> [patience.is_over(10.0, prepare=25.0) for _ in range(4)]
    [False, False, True, True]
    """

    def __init__(self) -> None:
        self._spent = 0.0

    def is_over(self, plain: float, *, prepare: float = 0.0) -> bool:
        """Return whether to prepare rather than spend so much more.

        Parameters
        ----------
        plain : float, seconds
            What the work at hand takes without preparation.
        prepare : float, seconds
            What preparation takes, beside reading the compiled loops; 0 once it is done.
        """
        loops = 0.0 if "hotspot.trees.kernels" in sys.modules else _LOOPS
        self._spent += plain
        return self._spent > prepare + loops
