"""How quickly the viewer answers a click, and how much a browser loads.

Run from the root of the project, after ``hotspot run``::

    python benchmarks/viewer.py --experiment meuse > docs/benchmarks/viewer.md

It needs the extra ``web``, Playwright and an installed Chromium. The experiment is served as
`hotspot serve` does it; cells with an answer are asked one after the other, over HTTP, for
each contaminant, and a browser opens the page once.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import numpy as np

from hotspot.maps.read import read_layer

HEAD = """\
# The viewer

Made by `python benchmarks/viewer.py --experiment {name} > docs/benchmarks/viewer.md`, on
{cores} cores. A click asks the saved model for probability, interval, decision and likeness of
a cell, and for what each role adds to the chance and to the doubt. Processor time is what the
server itself took; on a machine that others use too, answers take longer than that.

## Answers to {clicks} clicks per contaminant, milliseconds

| contaminant | the first | median | 95 of 100 | the slowest | mean, processor time |
| --- | ---: | ---: | ---: | ---: | ---: |"""


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", default="meuse")
    parser.add_argument("--clicks", type=int, default=100)
    asked = parser.parse_args()
    folder = Path("experiments") / asked.experiment
    contaminants = sorted(path.name for path in (folder / "maps").iterdir() if path.is_dir())
    print(HEAD.format(name=asked.experiment, cores=os.cpu_count(), clicks=asked.clicks))
    with served(asked.experiment) as (address, process):
        for contaminant in contaminants:
            places = answered_places(folder / "maps" / contaminant, asked.clicks + 1)
            first = click(address, contaminant, *places[0])
            before = cpu_seconds(process)
            rest = 1000 * np.array([click(address, contaminant, *each) for each in places[1:]])
            busy = 1000 * (cpu_seconds(process) - before) / len(rest)
            numbers = (1000 * first, np.median(rest), np.quantile(rest, 0.95), rest.max(), busy)
            print(f"| {contaminant} | {' | '.join(f'{n:.0f}' for n in numbers)} |", flush=True)
        loaded, requests = page_bytes(address)
    report = folder / "report" / "report.html"
    print("\n## Size\n\n| page | MB | requests |\n| --- | ---: | ---: |")
    print(f"| viewer, opened once, tiles in sight included | {loaded / 1e6:.2f} | {requests} |")
    print(f"| report, with all its figures | {report.stat().st_size / 1e6:.2f} | 1 |")
    return 0


@contextmanager
def served(experiment: str) -> Iterator[tuple[str, int]]:
    """Serve an experiment for a while and give its address and its process."""
    command = [sys.executable, "-m", "hotspot", "serve", f"experiment={experiment}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            for line in server.stderr or ():
                if line.startswith("Viewer: "):
                    yield line.split()[1], server.pid
                    return
            raise SystemExit("The viewer did not start. Run `hotspot run` first.")
        finally:
            server.terminate()


def answered_places(maps: Path, n: int) -> list[tuple[float, float]]:
    """Return longitude and latitude of some cells that the map has an answer for."""
    from rasterio.warp import transform

    layer, grid = read_layer(maps / "probability.tif")
    rows, cols = np.nonzero(np.isfinite(layer))
    chosen = np.random.default_rng(1).choice(len(rows), size=n, replace=len(rows) < n)
    places = grid.centres(rows[chosen], cols[chosen])
    longitude, latitude = transform(grid.crs, "EPSG:4326", places[:, 0], places[:, 1])
    return list(zip(longitude, latitude, strict=True))


def click(address: str, contaminant: str, longitude: float, latitude: float) -> float:
    """Return the seconds that an answer to one place takes."""
    place = f"{address}/api/{contaminant}/place?longitude={longitude}&latitude={latitude}"
    begin = time.perf_counter()
    with urlopen(place) as answer:  # noqa: S310 - the address is that of our own server
        told = json.load(answer)
    if told["status"] != "answered":
        raise SystemExit(f"The viewer has no answer at {longitude}, {latitude}: {told}")
    return time.perf_counter() - begin


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process of Linux has taken, all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def page_bytes(address: str) -> tuple[int, int]:
    """Return how many bytes the browser reads to show the page, and in how many answers."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    sizes: list[int] = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.on("response", lambda answer: sizes.append(len(answer.body())))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        browser.close()
    return sum(sizes), len(sizes)


if __name__ == "__main__":
    sys.exit(main())
