"""Reading and writing sample tables."""

import json
from pathlib import Path

import pandas as pd

from hotspot.covariates.catalogue import Catalogue
from hotspot.files import write_table, write_text
from hotspot.samples.join import JoinedSamples
from hotspot.samples.sampleset import SampleSet


def write_samples(joined: JoinedSamples, folder: Path) -> None:
    """Write samples.parquet, rejected.parquet and ledger.json, the samples last."""
    write_table(joined.dropped, folder / "rejected.parquet")
    write_text(folder / "ledger.json", json.dumps(joined.ledger.to_dict(), indent=2))
    write_table(joined.samples.frame, folder / "samples.parquet")


def read_samples(path: Path, catalogue: Catalogue) -> SampleSet:
    """Return the samples of a file, checked against the catalogue."""
    return SampleSet(pd.read_parquet(path), catalogue)
