"""A simulated region with a known truth."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from hotspot.grid import Grid
from hotspot.observations.ledger import Ledger
from hotspot.samples.join import join_samples
from hotspot.samples.sampleset import SampleSet
from hotspot.seeds import child_seed
from hotspot.worlds.concentration import Diffuse, Field, draw_truth
from hotspot.worlds.features import PointSources, Roads, draw_roads, draw_towns
from hotspot.worlds.laboratories import Laboratories
from hotspot.worlds.landscape import Landscape, draw_covariates
from hotspot.worlds.options import Options
from hotspot.worlds.plumes import Sources, deposition, draw_sources
from hotspot.worlds.region import Region
from hotspot.worlds.sampling import Sampling, draw_samples
from hotspot.worlds.stack import CovariateStack
from hotspot.worlds.survey import Survey
from hotspot.worlds.truth import Truth

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


@dataclass(frozen=True, eq=False)
class World:
    """A simulated region: what a survey knows of it, and the truth.

    Parameters
    ----------
    seed : int
        With the options, it says all of the world.
    options : Options
        What it is made of.
    covariates : CovariateStack
        What is known of every cell.
    roads : Roads
        Lines.
    sources : PointSources
        Works.
    truth : Truth
        What nobody knows.
    sampling : Sampling
        What was sampled.
    draw : int
        Which of the many surveys of these options; see `surveyed`.

    Examples
    --------
    >>> world = World.simulate(1, region=Region(shape=(40, 40)), survey=Survey(50))
    >>> len(world.observations), world.truth.median_mg_kg.shape
    (50, (40, 40))
    """

    seed: int
    options: Options
    covariates: CovariateStack
    roads: Roads
    sources: PointSources
    truth: Truth
    sampling: Sampling
    draw: int = 0

    @classmethod
    def simulate(
        cls,
        seed: int,
        *,
        region: Region | None = None,
        landscape: Landscape | None = None,
        field: Field | None = None,
        sources: Sources | None = None,
        diffuse: Diffuse | None = None,
        survey: Survey | None = None,
        laboratories: Laboratories | None = None,
    ) -> Self:
        """Return the world of a seed; what is left out has its usual value.

        Every part draws from its own child of the seed, so that worlds that differ only in
        the survey have one truth, and worlds that differ only in the field have one ground.

        Parameters
        ----------
        seed : int
            0 or above.
        region : Region, optional
            Shape, cell size and place.
        landscape : Landscape, optional
            Covariates.
        field : Field, optional
            Natural concentration, residual and nugget.
        sources : Sources, optional
            Point sources.
        diffuse : Diffuse, optional
            Roads, farming and towns.
        survey : Survey, optional
            Where samples are taken.
        laboratories : Laboratories, optional
            How they are analysed.

        Raises
        ------
        ConfigError
            The options do not fit together, such as a range too long for the region.
        """
        return cls.from_options(
            seed,
            Options(
                region=region or Region(),
                landscape=landscape or Landscape(),
                field=field or Field(),
                sources=sources or Sources(),
                diffuse=diffuse or Diffuse(),
                survey=survey or Survey(),
                laboratories=laboratories or Laboratories(),
            ),
        )

    @classmethod
    def from_options(cls, seed: int, options: Options, *, draw: int = 0) -> Self:
        """Return the world of a seed and all its options; `draw` as in `surveyed`."""
        grid = options.region.grid
        n_towns = options.landscape.number_of_towns(options.region.area_km2)
        towns = draw_towns(grid, n_towns, child_seed(seed, "world", "towns"))
        roads = draw_roads(grid, towns, child_seed(seed, "world", "roads"))
        sources = draw_sources(
            options.sources,
            grid,
            towns=towns,
            roads=roads,
            seed=child_seed(seed, "world", "sources"),
        )
        covariates = draw_covariates(
            options.landscape,
            grid,
            roads=roads,
            sources=sources,
            seed=child_seed(seed, "world", "landscape"),
        )
        plumes = deposition(options.sources, sources, covariates.centres())
        truth = draw_truth(
            options.field,
            options.diffuse,
            covariates,
            plumes=plumes.reshape(grid.shape),
            seed=child_seed(seed, "world", "field", options.field.contaminant),
        )
        sampling = draw_samples(seed, options, covariates, truth, draw)
        return cls(seed, options, covariates, roads, sources, truth, sampling, draw)

    def surveyed(
        self, survey: Survey, laboratories: Laboratories | None = None, *, draw: int = 0
    ) -> Self:
        """Return the same region sampled otherwise, or once more by chance.

        Parameters
        ----------
        survey : Survey
            Where samples are taken.
        laboratories : Laboratories, optional
            How they are analysed; as before if left out.
        draw : int
            Each number gives other sites, soil samples and analyses. 0 gives those of
            `simulate` with the same options.

        Examples
        --------
        >>> world = World.simulate(1, region=Region(shape=(40, 40)), survey=Survey(50))
        >>> again = world.surveyed(world.options.survey, draw=1)
        >>> again.truth is world.truth, again.observations.equals(world.observations)
        (True, False)
        """
        options = replace(
            self.options,
            survey=survey,
            laboratories=laboratories or self.options.laboratories,
        )
        sampling = draw_samples(self.seed, options, self.covariates, self.truth, draw)
        return replace(self, options=options, sampling=sampling, draw=draw)

    @property
    def grid(self) -> Grid:
        """The grid of covariates and truth."""
        return self.covariates.grid

    @property
    def observations(self) -> "GeoDataFrame":
        """The observation table, as `hotspot.observations` makes it."""
        return self.sampling.observations

    def samples(self) -> SampleSet:
        """Return the observations with the covariates of their cells."""
        places = self.observations[["easting", "northing"]].to_numpy(dtype=np.float64)
        return join_samples(
            pd.DataFrame(self.observations.drop(columns="geometry")),
            self.covariates.at(places),
            self.covariates.catalogue,
            grid=self.grid,
            contaminants=[self.options.field.contaminant],
            ledger=Ledger(),
        ).samples
