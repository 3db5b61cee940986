"""Rows computed region by region, side by side, and kept, so that a run can go on."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from hotspot.commands.stamps import code_digest
from hotspot.files import replaced_file

KEPT = Path(__file__).parent.parent / "experiments" / "benchmarks"


def rows_by_region(
    of_region: Callable[[int], pd.DataFrame],
    seeds: Sequence[int],
    *,
    name: str,
    jobs: int,
    settings: object,
    code: Sequence[str],
) -> pd.DataFrame:
    """Return the rows of all regions; those that were kept are not computed again.

    Parameters
    ----------
    of_region : callable
        Of a module, so that it can be sent to a process; takes the seed of a region.
    seeds : sequence of int
        The regions.
    name : str
        Folder below `KEPT`.
    jobs : int
        Processes.
    settings, code
        What changes the numbers, the latter by packages of `hotspot`; rows kept under others
        are not read.
    """
    digest = sha256(f"{settings} {code_digest(tuple(code))}".encode()).hexdigest()[:8]
    paths = {seed: KEPT / name / f"{seed}-{digest}.csv" for seed in seeds}
    missing = [seed for seed, path in paths.items() if not path.exists()]
    (KEPT / name).mkdir(parents=True, exist_ok=True)
    # Started anew, not forked: threads of the parent would be lost in a fork.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        pending = {pool.submit(of_region, seed): seed for seed in missing}
        for done, future in enumerate(as_completed(pending), start=1):
            with replaced_file(paths[pending[future]]) as beside:
                future.result().to_csv(beside, index=False)
            print(f"{done} of {len(missing)} regions", file=sys.stderr, flush=True)
    return pd.concat([pd.read_csv(path) for path in paths.values()], ignore_index=True)
