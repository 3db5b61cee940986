"""`hotspot predict`: the maps of each contaminant, with hotspots, styles and metadata."""

import shutil
from pathlib import Path

import pandas as pd

from hotspot.commands.console import Console
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import Stack, open_stack
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.files import replaced_folder
from hotspot.maps.decision import DecisionRule, inside_applicability
from hotspot.maps.hotspots import HotspotRule, find_hotspots
from hotspot.maps.layers import available_layers
from hotspot.maps.predict import predict_stack
from hotspot.maps.read import read_blocks, read_layer
from hotspot.maps.stac import SamplingPeriod, stac_item
from hotspot.maps.statistics import map_statistics, raster_statistics
from hotspot.maps.styles import style_of
from hotspot.maps.write import write_hotspots, write_json, write_qml, write_sld


def run(config: Config, paths: Paths, console: Console) -> None:
    """Map every contaminant; a folder is replaced when all of it is complete."""
    with open_stack(paths.covariates) as stack:
        for contaminant in config.contaminants:
            model = load_model(paths.model(contaminant))
            with replaced_folder(paths.maps(contaminant)) as folder:
                _map(config, model, stack, folder, console)
                _describe(config, paths, model, stack, folder)
    forget_others(paths.all_maps, config.contaminants)


def forget_others(folder: Path, contaminants: list[str]) -> None:
    """Remove folders of contaminants that the configuration no longer names."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in contaminants:
            shutil.rmtree(path)


def map_layers(config: Config, model: FittedModel) -> list[str]:
    """Return the layers that were asked for and that this model can give.

    A direct classifier knows no concentration, so it has no interval to map.
    """
    given = available_layers(model)
    optional = ("lower", "median", "upper")
    return [name for name in config.predict.layers if name in given or name not in optional]


def _map(
    config: Config, model: FittedModel, stack: Stack, folder: Path, console: Console
) -> None:
    predict = config.predict
    with console.bar(f"{model.contaminant}: windows") as move:
        predict_stack(
            model,
            stack,
            folder,
            layers=map_layers(config, model),
            rule=DecisionRule(above=predict.decision.above, below=predict.decision.below),
            window_size=predict.window_size,
            tags={
                "decision_above": f"{predict.decision.above:g}",
                "decision_below": f"{predict.decision.below:g}",
            },
            progress=move,
        )
    if not {"probability", "dissimilarity"} <= set(predict.layers):
        return
    probability, grid = read_layer(folder / "probability.tif")
    dissimilarity, _ = read_layer(folder / "dissimilarity.tif")
    applicable = None
    if model.applicability is not None:
        applicable = inside_applicability(dissimilarity, float(model.applicability.threshold_))
    rule = HotspotRule(
        probability=predict.hotspots.probability,
        minimum_area_m2=predict.hotspots.minimum_area_m2,
    )
    hotspots = find_hotspots(
        probability,
        applicable,
        grid=grid,
        rule=rule,
        contaminant=model.contaminant,
        threshold_id=str(model.threshold["id"]),
    )
    write_hotspots(folder / "hotspots.gpkg", hotspots)
    console.line(f"  {model.contaminant}: {len(hotspots)} hotspots")


def _describe(
    config: Config, paths: Paths, model: FittedModel, stack: Stack, folder: Path
) -> None:
    """Write styles, statistics and the STAC item of the rasters in a folder."""
    layers = {name: folder / f"{name}.tif" for name in map_layers(config, model)}
    for name in layers:
        write_qml(folder / f"{name}.qml", style_of(model, name))
        write_sld(folder / f"{name}.sld", style_of(model, name))
    if "probability" in layers and stack.grid.is_projected:
        areas = map_statistics(
            read_blocks(layers),
            grid=stack.grid,
            applicability_threshold=(
                float(model.applicability.threshold_) if model.applicability else None
            ),
        )
        write_json(folder / "statistics.json", areas.to_dict())
    statistics = {
        name: raster_statistics(
            (block[name] for block in read_blocks({name: path})),
            nodata=255.0 if name == "decision" else float("nan"),
        )
        for name, path in layers.items()
    }
    item = stac_item(
        model,
        stack.grid,
        item_id=f"{config.name}-{model.contaminant}",
        statistics=statistics,
        companions=sorted(path.name for path in folder.iterdir() if path.suffix != ".tif"),
        period=_period(paths, model.contaminant),
    )
    write_json(folder / "item.json", item)


def _period(paths: Paths, contaminant: str) -> SamplingPeriod:
    """Return the first and last day of sampling; a date may be a year or a month only."""
    days = pd.read_parquet(paths.samples, columns=["contaminant", "sampled_on"])
    texts = days.loc[days["contaminant"] == contaminant, "sampled_on"].unique()
    known = [pd.Period(text) for text in texts if text]
    if not known:
        return SamplingPeriod()
    first = min(period.start_time for period in known)
    last = max(period.end_time for period in known)
    return SamplingPeriod(first.date(), last.date())
