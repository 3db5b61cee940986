"""`hotspot explain`: SHAP values per sample, per role as maps, and how stable they are."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.commands.console import Console
from hotspot.commands.models import model_maker, primary_plans
from hotspot.commands.predict import forget_others
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import Stack, open_stack
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.explanations.background import (
    BACKGROUND_SIZE,
    Background,
    choose_background,
    spread_rows,
)
from hotspot.explanations.layers import NO_DRIVER, layer_roles, role_layers
from hotspot.explanations.stability import explanation_stability
from hotspot.explanations.values import is_additive, shap_values
from hotspot.files import replaced_file, replaced_folder
from hotspot.folds.store import read_folds
from hotspot.maps.styles import contribution_style, driver_style
from hotspot.maps.tags import layer_tags
from hotspot.maps.write import write_qml
from hotspot.rasters import CogWriter
from hotspot.samples.sampleset import Samples
from hotspot.samples.store import read_samples
from hotspot.seeds import child_seed

# Samples explained, at most, where each costs thousands of predictions.
_MAX_SAMPLES = 300
# Predictions that the role layers of one contaminant may take before their background is
# made smaller, and the smallest one: with fewer samples the base is a matter of luck.
_PREDICTIONS = 5_000_000
_SMALLEST_BACKGROUND = 6


def run(config: Config, paths: Paths, console: Console) -> None:
    """Explain every contaminant's model; a folder is replaced when all of it is complete."""
    plan = primary_plans(config, read_folds(paths.folds))[0]
    with open_stack(paths.covariates) as stack:
        samples = read_samples(paths.samples, stack.catalogue)
        for contaminant in config.contaminants:
            model = load_model(paths.model(contaminant))
            chosen = samples.of(contaminant)
            with replaced_folder(paths.explanations(contaminant)) as folder:
                seed = child_seed(config.seed, "background", contaminant)
                background = choose_background(chosen, seed=seed)
                _write_values(model, chosen, background, folder / "values.parquet")
                if config.explain.role_layers:
                    background = choose_background(
                        chosen, _map_background(model, stack), seed=seed
                    )
                    _write_role_layers(config, model, background, stack, folder, console)
                if config.model.kind != "prevalence":
                    table = explanation_stability(
                        model_maker(config, config.model.kind, contaminant, stack.catalogue),
                        chosen,
                        plan.select(chosen.sample_id),
                        catalogue=stack.catalogue,
                        threshold=model.threshold_mg_kg,
                        seed=child_seed(config.seed, "explain", contaminant),
                    )
                    with replaced_file(folder / "stability.parquet") as beside:
                        table.to_parquet(beside, index=False)
    forget_others(paths.all_explanations, config.contaminants)


def _write_values(
    model: FittedModel, samples: Samples, background: Background, path: Path
) -> None:
    """Write one row per sample: unit, base value, and the contribution of each covariate.

    The contribution of the coordinates follows, where the model uses them. The table's
    attributes tell how many samples make up the base, 0 if the model itself defines it. Of a
    model that is no sum, 300 samples spread over the survey are explained at most.
    """
    if not is_additive(model):
        samples = samples.take(
            spread_rows(samples.coordinates, _MAX_SAMPLES, seed=int(model.facts["seed"]))
        )
    values = shap_values(
        model, samples.X, coordinates=samples.coordinates, background=background
    )
    table = pd.DataFrame(
        {"sample_id": samples.sample_id, "unit": values.unit, "base": values.base}
    )
    parts = pd.DataFrame(values.values, columns=list(values.names))
    written = pd.concat([table, parts], axis=1)
    written.attrs["n_background"] = values.n_background
    with replaced_file(path) as beside:
        written.to_parquet(beside, index=False)


def _map_background(model: FittedModel, stack: Stack) -> int:
    """Return how many samples the cells of a map are compared with."""
    per_sample = stack.grid.shape[0] * stack.grid.shape[1] * (1 << len(layer_roles(model)))
    return max(_SMALLEST_BACKGROUND, min(BACKGROUND_SIZE, _PREDICTIONS // per_sample))


def _write_role_layers(
    config: Config,
    model: FittedModel,
    background: Background,
    stack: Stack,
    folder: Path,
    console: Console,
) -> None:
    roles = layer_roles(model)
    base = {} if is_additive(model) else {"n_background": str(len(background))}
    windows = list(stack.grid.windows(config.predict.window_size))
    driver = driver_style(dict(enumerate(roles)))
    with ExitStack() as files, console.bar(f"{model.contaminant}: roles") as move:
        by_role = [
            files.enter_context(
                CogWriter(
                    folder / f"role_{role}.tif",
                    stack.grid,
                    tags={**layer_tags(model, f"role_{role}"), **base},
                    descriptions=[f"Contribution of {role}"],
                    units=["log-odds"],
                )
            )
            for role in roles
        ]
        dominant = files.enter_context(
            CogWriter(
                folder / "driver.tif",
                stack.grid,
                dtype="uint8",
                nodata=float(NO_DRIVER),
                tags={
                    **layer_tags(model, "driver"),
                    **base,
                    "classes": "; ".join(f"{code}: {role}" for code, role in enumerate(roles)),
                },
                descriptions=["Role with the largest contribution"],
                units=["class"],
                colormap=driver.gdal_colours(),
                categorical=True,
            )
        )
        for done, window in enumerate(windows, start=1):
            frame, positions = stack.frame(window)
            rows, cols = np.divmod(positions, window.shape[1])
            layers = role_layers(
                model,
                frame,
                positions,
                window.shape,
                coordinates=stack.grid.centres(rows + window.row, cols + window.col),
                background=background,
            )
            for writer, array in zip(by_role, layers.contributions, strict=True):
                writer.write(window, array)
            dominant.write(window, layers.drivers)
            move(done, len(windows))
    for role in roles:
        write_qml(folder / f"role_{role}.qml", contribution_style(role))
    write_qml(folder / "driver.qml", driver)
