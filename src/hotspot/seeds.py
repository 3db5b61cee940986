"""Named child seeds of the one seed of an experiment."""

import hashlib


def child_seed(seed: int, *names: str | int) -> int:
    """Return the seed of a named part of the work, the same on every machine.

    A part keeps its seed when other parts are added or reordered, which a running counter
    would not do.

    Parameters
    ----------
    seed : int
        The seed of the experiment.
    *names : str or int
        The path of the part, such as ``"folds", "block", 2``.

    Returns
    -------
    int
        In ``[0, 2**31)``, as scikit-learn and LightGBM ask of a ``random_state``.

    Examples
    --------
    >>> child_seed(1, "folds") == child_seed(1, "folds")
    True
    >>> child_seed(1, "folds") == child_seed(1, "model")
    False
    """
    text = "/".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
