"""All of a report, contaminant by contaminant."""

from dataclasses import dataclass, field

from hotspot.errors import OutputError
from hotspot.report.content.explanation import Explanation
from hotspot.report.content.laboratories import Laboratories
from hotspot.report.content.maps import Context, MapLayers
from hotspot.report.content.provenance import LedgerStep, Provenance
from hotspot.report.content.review import ReviewContent
from hotspot.report.content.samples import Limit, Sampling
from hotspot.report.content.scores import Evaluation


@dataclass(frozen=True)
class ContaminantContent:
    """Everything a report says of one contaminant; each optional part may be missing."""

    contaminant: str
    name: str
    limit: Limit
    sampling: Sampling
    maps: MapLayers | None = None
    evaluation: Evaluation | None = None
    explanation: Explanation | None = None
    warnings: tuple[str, ...] = ()
    review: ReviewContent | None = None
    laboratories: Laboratories = field(default_factory=Laboratories)


@dataclass(frozen=True)
class ReportContent:
    """Everything a report says.

    Parameters
    ----------
    title : str
        Title of the page.
    experiment : str
        Name of the experiment.
    contaminants : tuple of ContaminantContent
        In the order in which they are told.
    provenance : Provenance
        Where the numbers come from.
    ledger : tuple of LedgerStep
        From the raw table to the samples.
    context : tuple of Context
        Vector layers under the maps, in their CRS.
    notes : tuple of str
        What looked odd in the data.
    """

    title: str
    experiment: str
    contaminants: tuple[ContaminantContent, ...]
    provenance: Provenance
    ledger: tuple[LedgerStep, ...] = ()
    context: tuple[Context, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.contaminants:
            raise OutputError(
                "The report has 0 contaminants. Give at least one; where a part of it is "
                "missing, the page says so."
            )
