"""The maps of roles: what each adds to the chance and to the doubt, cell by cell."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from hotspot.config.schema import Config
from hotspot.covariates.stack import Stack
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.background import BACKGROUND_SIZE, Background
from hotspot.explanations.coalitions import make_design
from hotspot.explanations.layers import (
    NO_DRIVER,
    RoleLayers,
    grown_to_blocks,
    layer_roles,
    role_layers,
    thinning_step,
    with_drivers,
)
from hotspot.explanations.origins import CAUTION, Origin
from hotspot.explanations.traits import has_distribution, is_additive
from hotspot.grid import Window
from hotspot.maps.read import read_windows
from hotspot.maps.styles import contribution_style, driver_style, width_style
from hotspot.maps.tags import layer_tags
from hotspot.maps.write import write_qml
from hotspot.rasters import CogWriter, open_raster

# Predictions that the role layers of one contaminant may take before their background is
# made smaller, and the smallest one: with fewer samples the base is a matter of luck.
_PREDICTIONS = 5_000_000
_SMALLEST_BACKGROUND = 6
# Predictions that they may take with the smallest background, before fewer cells are
# explained: some minutes of a Gaussian process.
_MAP_PREDICTIONS = 20_000_000
# Widths are explained at one cell in each block of so many a side, at least.
_WIDTH_STEP = 2


def map_background(model: FittedModel, stack: Stack) -> int:
    """Return how many samples the cells of a map are compared with."""
    per_sample = stack.grid.shape[0] * stack.grid.shape[1] * (1 << len(layer_roles(model)))
    return max(_SMALLEST_BACKGROUND, min(BACKGROUND_SIZE, _PREDICTIONS // per_sample))


RoleWindows = Iterator[tuple[Window, RoleLayers]]


def write_role_maps(
    config: Config,
    model: FittedModel,
    stack: Stack,
    *,
    background: Background,
    maps: Path,
    folder: Path,
    origins: Sequence[Origin] = (),
) -> None:
    """Write a map per role and the dominant role, and one per origin that stands apart.

    A model that knows the concentration also gets a map per role of what it adds to the width
    of the 90 % interval.

    Parameters
    ----------
    config : Config
        Size of a window.
    model : FittedModel
        Of one contaminant.
    stack : Stack
        The covariates.
    background : Background
        What cells are compared with, where the model is no sum.
    maps : Path
        Where `hotspot predict` wrote; layers of roles that are there are taken.
    folder : Path
        Where to write.
    origins : sequence of Origin
        Of the samples.
    """
    step = _step(model, stack, background)
    windows = mapped_roles(maps, model) or computed_roles(
        config, model, background, stack, step
    )
    # What cannot be told apart is not mapped: a map would be taken for an answer.
    mapped = [origin for origin in origins if origin.is_identifiable]
    with ExitStack() as files:
        _Writers(model, stack, folder, background, step, mapped, files).write(windows)
    roles = layer_roles(model)
    for role in roles:
        write_qml(folder / f"role_{role}.qml", contribution_style(role))
        if has_distribution(model):
            write_qml(folder / f"width_{role}.qml", width_style(role))
    for origin in mapped:
        style = contribution_style(f"{origin.name} origins")
        write_qml(folder / f"origin_{origin.name}.qml", style)
    write_qml(folder / "driver.qml", driver_style(dict(enumerate(roles))))


def mapped_roles(maps: Path, model: FittedModel) -> RoleWindows | None:
    """Return the layers of roles that `hotspot predict` wrote for this model, if it did.

    They come from the same numbers, so that nothing is computed and no covariate is read.
    """
    roles = layer_roles(model)
    paths = {role: maps / f"role_{role}.tif" for role in roles}
    if not is_additive(model) or not all(path.is_file() for path in paths.values()):
        return None
    for role, path in paths.items():
        with open_raster(path) as dataset:
            told = dataset.tags()
        if any(
            told.get(tag) != text for tag, text in layer_tags(model, f"role_{role}").items()
        ):
            return None
    return (
        (window, with_drivers(roles, np.stack([layers[role] for role in roles])))
        for window, layers in read_windows(paths)
    )


def _step(model: FittedModel, stack: Stack, background: Background) -> int:
    """Return at every which cell the roles are mapped, and tell where not at each."""
    if is_additive(model):
        return 1
    rows, cols = stack.grid.shape
    coalitions = len(make_design(len(layer_roles(model))).coalitions)
    step = thinning_step(rows * cols, coalitions * len(background), _MAP_PREDICTIONS)
    if step > 1:
        warnings.warn(
            f"The maps of roles of {model.contaminant} are explained at one cell in each "
            f"block of {step} x {step}, which stands for the block: every cell would take "
            f"{rows * cols * coalitions * len(background):.1e} predictions. "
            "explain.role_layers=false leaves these maps out.",
            stacklevel=2,
        )
    return step


def computed_roles(
    config: Config, model: FittedModel, background: Background, stack: Stack, step: int
) -> RoleWindows:
    """Yield the layers of roles, window by window; one cell in each block is explained."""
    for window in stack.grid.windows(config.predict.window_size):
        whole = grown_to_blocks(window, width_step(step), stack.grid.shape)
        frame, positions = stack.frame(whole)
        rows, cols = np.divmod(positions, whole.shape[1])
        layers = role_layers(
            model,
            frame,
            positions,
            whole.shape,
            coordinates=stack.grid.centres(rows + whole.row, cols + whole.col),
            background=background,
            step=step,
            width_step=width_step(step),
        )
        yield window, layers.crop(window.row - whole.row, window.col - whole.col, window.shape)


def width_step(step: int) -> int:
    """Return at every which cell the widths are mapped: two ends cost three probabilities."""
    return max(step, _WIDTH_STEP)


def _base_tags(model: FittedModel, background: Background, step: int) -> dict[str, str]:
    """Return what the rasters say of the base of the contributions and of their cells."""
    tags = {} if is_additive(model) else {"n_background": str(len(background))}
    return tags if step == 1 else {**tags, "explained_every": f"{step} cells"}


class _Writers:
    """The open rasters of one contaminant's roles."""

    def __init__(
        self,
        model: FittedModel,
        stack: Stack,
        folder: Path,
        background: Background,
        step: int,
        origins: Sequence[Origin],
        files: ExitStack,
    ) -> None:
        self._model, self._grid, self._folder = model, stack.grid, folder
        self._base, self._files = _base_tags(model, background, step), files
        self._roles, self._origins = layer_roles(model), origins
        self._by_role = [
            self._opened(f"role_{role}", f"Contribution of {role}") for role in self._roles
        ]
        self._by_origin = [
            self._opened(
                f"origin_{origin.name}",
                f"Contribution of {origin.name} origins",
                meaning_of=f"role_{origin.name} origins",
                tags={"roles": ", ".join(origin.roles), "caution": CAUTION},
            )
            for origin in origins
        ]
        self._widths = [
            self._opened(
                f"width_{role}",
                f"Contribution of {role} to the width of the 90 % interval",
                unit="ln(mg/kg)",
                tags={"explained_every": f"{width_step(step)} cells"},
            )
            for role in (self._roles if has_distribution(model) else ())
        ]
        classes = "; ".join(f"{code}: {role}" for code, role in enumerate(self._roles))
        self._dominant = files.enter_context(
            CogWriter(
                folder / "driver.tif",
                self._grid,
                dtype="uint8",
                nodata=float(NO_DRIVER),
                tags={**layer_tags(model, "driver"), **self._base, "classes": classes},
                descriptions=["Role with the largest contribution"],
                units=["class"],
                colormap=driver_style(dict(enumerate(self._roles))).gdal_colours(),
                categorical=True,
            )
        )

    def write(self, windows: RoleWindows) -> None:
        """Write all windows."""
        for window, layers in windows:
            for writer, array in zip(self._by_role, layers.contributions, strict=True):
                writer.write(window, array)
            for writer, origin in zip(self._by_origin, self._origins, strict=True):
                held = [layers.roles.index(role) for role in origin.roles]
                writer.write(window, layers.contributions[held].sum(axis=0))
            if layers.widths is not None:
                for writer, array in zip(self._widths, layers.widths, strict=True):
                    writer.write(window, array)
            self._dominant.write(window, layers.drivers)

    def _opened(
        self,
        name: str,
        description: str,
        *,
        meaning_of: str | None = None,
        unit: str = "log-odds",
        tags: dict[str, str] | None = None,
    ) -> CogWriter:
        told = layer_tags(self._model, meaning_of or name)
        return self._files.enter_context(
            CogWriter(
                self._folder / f"{name}.tif",
                self._grid,
                tags={**told, **self._base, "layer": name, **(tags or {})},
                descriptions=[description],
                units=[unit],
            )
        )
