"""What counts as a hotspot."""

from dataclasses import dataclass

import numpy as np

from hotspot.errors import ConfigError


@dataclass(frozen=True)
class HotspotRule:
    """A hotspot is where the limit is probably exceeded: P(exceed) from a cut upwards.

    Parameters
    ----------
    probability : float
        Cells from this P(exceed) upwards belong to a hotspot; inside (0, 1).
    minimum_area_m2 : float
        Smaller hotspots are left out; 0 keeps single cells.

    Raises
    ------
    ConfigError
        A value is out of its range.
    """

    probability: float = 0.8
    minimum_area_m2: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 < self.probability < 1.0 and 0.0 <= self.minimum_area_m2 < np.inf):
            raise ConfigError(
                f"A hotspot cannot begin at a probability of {self.probability} and an area "
                f"of {self.minimum_area_m2} m2. Set predict.hotspots.probability inside "
                "(0, 1) and predict.hotspots.minimum_area_m2 to 0 or more."
            )


@dataclass(frozen=True)
class TopShareRule:
    """A hotspot is where the probability is among the highest, whatever it is.

    For where to look first with a given budget. Cells of equal probability are all in or all
    out, and never more than the share are in: of a map of one probability nothing is.

    Parameters
    ----------
    share : float
        Of the mapped area inside the area of applicability, inside (0, 1).
    minimum_area_m2 : float
        Smaller hotspots are left out.
    """

    share: float = 0.05
    minimum_area_m2: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 < self.share < 1.0 and 0.0 <= self.minimum_area_m2 < np.inf):
            raise ConfigError(
                f"Hotspots cannot be a share of {self.share} of the map with an area of at "
                f"least {self.minimum_area_m2} m2. Set predict.hotspots.share inside (0, 1) "
                "and predict.hotspots.minimum_area_m2 to 0 or more."
            )


@dataclass(frozen=True)
class ClusterRule:
    """A hotspot is where high probabilities gather, with a bound on false findings.

    The map is averaged to coarse cells, a quarter of the radius wide, and the local Gi* of
    their log-odds is compared with what the same values in random order would give.
    The false discovery rate is controlled over all coarse cells. A model's map is smooth, so
    that random order is refuted in many places: the rule tells where the map gathers its
    high values, not how sure they are. For that there are the probabilities.

    Parameters
    ----------
    rate : float
        Expected share of coarse cells called hot by mistake, inside (0, 1).
    radius_m : float
        Half the side of the neighbourhood, in metres.
    minimum_area_m2 : float
        Smaller hotspots are left out.
    """

    rate: float = 0.05
    radius_m: float = 1000.0
    minimum_area_m2: float = 0.0

    def __post_init__(self) -> None:
        if not (
            0.0 < self.rate < 1.0
            and 0.0 < self.radius_m < np.inf
            and 0.0 <= self.minimum_area_m2 < np.inf
        ):
            raise ConfigError(
                f"Clusters cannot be found with a false discovery rate of {self.rate}, a "
                f"radius of {self.radius_m} m and an area of {self.minimum_area_m2} m2. Set "
                "predict.hotspots.false_discovery_rate inside (0, 1), "
                "predict.hotspots.radius_m above 0 and predict.hotspots.minimum_area_m2 to 0 "
                "or more."
            )


Rule = HotspotRule | TopShareRule | ClusterRule
