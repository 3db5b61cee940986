"""Layers onto one grid: one cloud-optimised GeoTIFF per covariate, and their catalogue."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from hotspot.covariates.cache import Built, Cache, recipe_digest
from hotspot.covariates.catalogue import Catalogue, Covariate
from hotspot.covariates.dated import dated_file
from hotspot.covariates.layers import DatedLayer, Layer, PlainLayer, RasterLayer
from hotspot.covariates.recipes import Recipe, recipe_of
from hotspot.covariates.store import write_catalogue
from hotspot.errors import CovariateError, few
from hotspot.files import replaced_folder
from hotspot.grid import Grid
from hotspot.rasters import CogWriter

# More codes than any map of classes has: such a raster holds numbers.
_MOST_CLASSES = 1000


def build_covariates(
    layers: Sequence[Layer],
    grid: Grid,
    folder: Path,
    *,
    progress: Callable[[str], None] | None = None,
) -> Catalogue:
    """Write every layer on one grid, with the catalogue, and return it.

    Each becomes ``folder/<name>.tif``; ``folder/catalogue.json`` holds the catalogue and the
    grid. A dated layer has its other years in ``folder/dated``. An error leaves an existing
    folder as it was. Memory holds a window of 512 by 512 cells, what of the source it needs,
    and the features of one vector layer; the flow of water needs its whole elevation model.

    A covariate that the folder holds already, made from the same content by the same
    parameters and code, is taken over as it is. The result is the same to the byte.

    Parameters
    ----------
    layers : sequence of Layer
        In the order that the covariates shall have.
    grid : Grid
        The grid of all of them; in degrees only for what docs/covariates.md says.
    folder : Path
        Replaced as a whole.
    progress : callable, optional
        Called with the name of each covariate before it is made or taken over.

    Raises
    ------
    CovariateError
        A layer cannot be read, has no value on the grid, or has codes that are not among its
        classes.
    GridError
        A CRS is missing or contradicts the layer, or a layer lies elsewhere.
    OutputError
        The folder cannot be written.

    Warns
    -----
    UserWarning
        A raster covers less of the grid than another one does.
    """
    if not layers:
        raise CovariateError("There is no covariate. Describe at least one layer.")
    # Names are compared before the first layer is read, which may take long.
    Catalogue(tuple(layer.covariate for layer in layers))
    cache = Cache(folder)
    with replaced_folder(folder) as hidden:
        built: dict[str, Built] = {}
        for layer in layers:
            if progress is not None:
                progress(layer.covariate.name)
            for file, plain in _files(layer):
                built[file] = _built(plain, file, grid, hidden=hidden, cache=cache)
        rasters = [layer.covariate.name for layer in layers if isinstance(layer, RasterLayer)]
        _warn_of_gaps({name: built[f"{name}.tif"].cover for name in rasters})
        catalogue = Catalogue(tuple(_covariate(layer, built) for layer in layers))
        years = {
            layer.covariate.name: (layer.shown, [year for year, _ in layer.years])
            for layer in layers
            if isinstance(layer, DatedLayer)
        }
        recipes = {file: found.to_dict() for file, found in built.items()}
        write_catalogue(hidden, catalogue, grid, recipes=recipes, dated=years)
    return catalogue


def _files(layer: Layer) -> Iterator[tuple[str, PlainLayer]]:
    """Yield the files that a layer becomes, the one on the map first."""
    name = layer.covariate.name
    if not isinstance(layer, DatedLayer):
        yield f"{name}.tif", layer
        return
    yield f"{name}.tif", layer.shown_layer
    for year, plain in layer.years:
        if year != layer.shown:
            yield dated_file(name, year), plain


def _covariate(layer: Layer, built: Mapping[str, Built]) -> Covariate:
    """Return the covariate as it came out, with the classes of all its years."""
    found = [built[file].covariate for file, _ in _files(layer)]
    if not isinstance(layer, DatedLayer):
        return found[0]
    classes = sorted({pair for each in found for pair in each.classes})
    return replace(found[0], classes=tuple(classes))


def _built(layer: PlainLayer, file: str, grid: Grid, *, hidden: Path, cache: Cache) -> Built:
    """Make the file of a layer, or take it over where it was made already."""
    digest = recipe_digest(layer, grid)
    known = cache.take(file, digest, hidden / file)
    if known is not None:
        for text in known.warnings:
            warnings.warn(text, stacklevel=3)
        return known
    with ExitStack() as files, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        recipe = recipe_of(layer, grid, files)
        covariate, cover = _write(recipe, grid, hidden / file)
    told = tuple(str(w.message) for w in caught if w.category is UserWarning)
    for w in caught:
        warnings.warn(w.message, w.category, stacklevel=3)
    return Built.of(hidden / file, digest, covariate=covariate, cover=cover, warnings=told)


def _write(recipe: Recipe, grid: Grid, path: Path) -> tuple[Covariate, float]:
    """Write a covariate; return it, and the share of the grid where it has a value."""
    covariate = recipe.covariate
    tags = {
        "covariate": covariate.name,
        "role": str(covariate.role),
        "kind": str(covariate.kind),
        "unit": covariate.unit,
        "description": covariate.description,
        "source": recipe.source,
    }
    codes: set[int] = set()
    present = 0
    with CogWriter(
        path,
        grid,
        dtype=recipe.dtype,
        tags=tags,
        descriptions=[covariate.description or covariate.name],
        units=[covariate.unit],
        categorical=covariate.is_categorical,
    ) as writer:
        for window, values in recipe.windows(grid):
            found = values[~np.isnan(values)]
            present += found.size
            if covariate.is_categorical:
                codes.update(np.unique(found).astype(int).tolist())
                _check_codes(covariate, codes, recipe.source)
            writer.write(window, values)
        share = present / (grid.shape[0] * grid.shape[1])
        _check_present(covariate, share, recipe.source)
    if covariate.is_categorical and not covariate.classes:
        covariate = replace(covariate, classes=tuple((c, str(c)) for c in sorted(codes)))
    return covariate, share


def _check_codes(covariate: Covariate, codes: set[int], source: str) -> None:
    declared = {code for code, _ in covariate.classes}
    unknown = sorted(codes - declared) if declared else []
    if unknown:
        raise CovariateError(
            f"{source} has codes that are not among the classes of {covariate.name}: "
            f"{few(unknown, 10)}. Add them to `classes`, or declare one as `nodata`."
        )
    if len(codes) > _MOST_CLASSES:
        raise CovariateError(
            f"{source} has more than {_MOST_CLASSES} different codes, so {covariate.name} "
            "looks like a number, not a class. Give it kind continuous."
        )


def _check_present(covariate: Covariate, share: float, source: str) -> None:
    if share == 0:
        raise CovariateError(
            f"The covariate {covariate.name} has no value on the grid: {source} is nodata "
            "throughout. Check its nodata value and the region of the grid."
        )


def _warn_of_gaps(cover: Mapping[str, float]) -> None:
    """Tell which rasters keep land off the map that others cover."""
    widest = max(cover.values(), default=1.0)
    short = {name: share for name, share in cover.items() if share < 0.99 * widest}
    if short:
        shown = few(f"{name} {share:.1%}" for name, share in short.items())
        warnings.warn(
            f"Some rasters cover less of the grid than the widest one, {widest:.1%}: {shown}. "
            "Cells where one is missing are left off the map. Give rasters that cover the "
            "region, or leave them out.",
            stacklevel=3,
        )
