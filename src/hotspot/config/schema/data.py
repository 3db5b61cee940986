"""The laboratory's table: how it is read and harmonised."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from hotspot.config.schema.node import ContaminantId, Count, Name, Node, Positive


class DepthConfig(Node):
    """The layer of soil that is asked about; see `conf/data/table.yaml`."""

    top: Annotated[float, Field(ge=0)]
    bottom: Positive
    rule: Literal["overlap", "inside"] = "overlap"
    least_share: Annotated[float, Field(gt=0, le=1)] = 0.5


class DataConfig(Node):
    """How the laboratory's table is read; see `conf/data/table.yaml`."""

    path: str
    crs: str | None
    separator: str
    encoding: str
    layer: str | None
    header_row: Count
    decimal: Literal[".", ",", "auto"]
    columns: dict[str, str | None]
    wide: dict[ContaminantId, str]
    wide_qualifiers: dict[ContaminantId, str]
    wide_limits: dict[ContaminantId, str]
    unit: str | None
    units: dict[ContaminantId, str]
    media: list[str]
    moisture: Literal["wet_percent", "dry_percent", "dry_matter_percent"] | None
    nondetect_words: list[str]
    missing_words: list[str]
    negative: Literal["reject", "nondetect"]
    limits: dict[ContaminantId, Positive]
    substituted: dict[ContaminantId, dict[float, Positive]]
    qualifiers: dict[str, Literal["measured", "below", "above", "reject"]]
    exclude: dict[str, list[str]]
    duplicates: Literal["mean", "first", "max", "keep"]
    depth: DepthConfig | None
    dates: str
    coordinates: Literal["number", "dms"]
    region: tuple[float, float, float, float] | str | None
    radius_m: Annotated[float, Field(ge=0)] | Literal["decimals"] | None
    radius_rule: Literal["keep", "flag", "reject"]
    site_distance_m: Positive | None
    methods: dict[str, Name]
    convert_methods_to: Literal["total", "pseudo_total"] | None
    laboratory_effect: Literal["none", "report", "adjust"]
    plausible_factor: Annotated[float, Field(gt=1)] | None
    contaminant_names: dict[str, ContaminantId]
    source: str

    @field_validator("exclude", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        """Let ``exclude: {batch: demonstration}`` stand for a list of one."""
        if isinstance(value, dict):
            return {
                key: [str(item) for item in (given if isinstance(given, list) else [given])]
                for key, given in value.items()
            }
        return value
