"""`hotspot predict --dry-run`: time, memory and disk that the maps would take."""

from dataclasses import replace

from hotspot.commands.console import Console, counted, duration
from hotspot.commands.machine import Machine, steady_memory
from hotspot.commands.map_compute import computed_at_once, map_options
from hotspot.commands.models import decision_rule
from hotspot.commands.predict import map_layers, mapped_model
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import open_stack
from hotspot.maps.estimate import MapEstimate, estimate_map


def run(config: Config, paths: Paths, console: Console) -> None:
    """Tell what each contaminant's map would take; write nothing."""
    steady_memory()
    with open_stack(paths.covariates) as stack:
        for contaminant in config.contaminants:
            model = mapped_model(config, paths, contaminant)
            found = estimate_map(
                model,
                stack,
                layers=map_layers(config, model),
                rule=decision_rule(config, model),
                window_size=config.predict.window_size,
                options=replace(map_options(config), threads=computed_at_once(config)),
                meter=Machine(),
            )
            for line in told(contaminant, found):
                console.line(line)
    console.line("Nothing was written.")


def told(contaminant: str, found: MapEstimate) -> list[str]:
    """Return an estimate in lines for a person."""
    return [
        f"{contaminant}: {found.cells / 1e6:.3g} million cells in "
        f"{counted(found.windows, 'window')}, "
        f"{found.probed} of them computed to tell",
        f"  reads   {size(found.read_bytes)} of covariates",
        f"  writes  {size(found.raster_bytes)} of rasters, and {size(found.work_bytes)} of "
        "finished windows meanwhile",
        # By the clock, as the whole is, so that no part is longer than the whole.
        f"  takes   about {about(found.seconds)} with {counted(found.threads, 'thread')}: "
        f"reading {about(found.read_seconds)} and computing "
        f"{about(found.compute_seconds / found.threads)} at once, then making rasters "
        f"{about(found.write_seconds / found.threads)}",
        f"  memory  about {size(found.peak_bytes)} at most",
    ]


def about(seconds: float) -> str:
    """Return an estimated time in words, of which nobody needs parts of a second.

    Examples
    --------
    >>> about(0.02), about(0.6), about(94)
    ('less than 1 s', 'less than 1 s', '2 min')
    """
    return "less than 1 s" if seconds < 1 else duration(seconds)


def size(number: float) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> size(1_234_000), size(2.5e9), size(800)
    ('1.23 MB', '2.5 GB', '800 bytes')
    """
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number:.0f} bytes"
