"""Explanations, tracking, the viewer and bundles."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hotspot.config.schema.node import (
    ContaminantId,
    Count,
    FileToken,
    Name,
    Names,
    Node,
    Positive,
)


class ExplainConfig(Node):
    """Explanations; see `conf/explain/shap.yaml`."""

    role_layers: bool
    dependence: Count
    hotspots: Annotated[int, Field(ge=0)]
    removals: Annotated[int, Field(ge=0)]


class TrackingConfig(Node):
    """Where runs are remembered; see `conf/tracking/local.yaml`."""

    store: Literal["mlflow", "none"]
    uri: str
    register_models: bool
    alias: Name


class ServeConfig(Node):
    """Where the viewer can be reached; see `conf/serve/local.yaml`."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$")]
    port: Annotated[int, Field(ge=1024, le=65535)]


class BundleContactConfig(Node):
    """Who answers for a bundle; see `conf/bundle/gsp.yaml`."""

    organisation: str
    email: str


class BundleConfig(Node):
    """A submission for a receiver of maps; see `conf/bundle/gsp.yaml`."""

    profile: Literal["gsp", "inspire", "stac"]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None
    depth: tuple[Annotated[float, Field(ge=0)], Positive] | None
    resolution: Positive | None
    tokens: dict[ContaminantId, FileToken]
    licence: str
    contact: BundleContactConfig
    published_on: Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
    keywords: Names[str]
