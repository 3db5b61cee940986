"""The pictures of the documentation, taken from a finished run in a real browser.

Run from the root of the project, after ``hotspot run``::

    python benchmarks/pictures.py

It opens the report and the viewer of the default experiment in an installed Chromium and
writes small PNG files to ``docs/images``. It needs the extra ``web`` and Playwright.
"""

import argparse
import io
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from viewer import answered_places, served

# Pictures of the report: name, what is taken, and the width of the window in pixels.
REPORT = (
    ("reading_statements", "#{key}-statements", 1240),
    ("reading_tree", "figure:has-text('Which covariates say the same')", 1240),
    ("reading_shape", ".charts figure >> nth=0", 1240),
    ("reading_roles", ".grid:has(figure:has-text('Mean absolute contribution'))", 1240),
    ("reading_driver", "figure:has-text('The dominant role, cell by cell')", 1240),
    ("reading_worst", "figure:has-text('Where the model was most wrong')", 1240),
)
# Of the statements, as many as one sees at once.
TALLEST = 820
COLOURS = 96


def main() -> int:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", default="meuse")
    parser.add_argument("--contaminant", default="zn")
    asked = parser.parse_args()
    folder = Path("experiments") / asked.experiment
    known = sorted(path.name for path in (folder / "maps").iterdir() if path.is_dir())
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(device_scale_factor=1.5, reduced_motion="reduce")
        page.set_default_timeout(120_000)
        key = f"c{known.index(asked.contaminant) + 1}"
        page.goto((folder / "report" / "report.html").absolute().as_uri())
        for name, what, width in REPORT:
            page.set_viewport_size({"width": width, "height": 900})
            taken = page.locator(f"#{key}").locator(what.format(key=key)).first
            keep(name, taken.screenshot())
        with served(asked.experiment) as (address, _):
            keep("viewer_place", place(browser, address, folder, asked.contaminant))
        browser.close()
    return 0


def place(browser: Any, address: str, folder: Path, contaminant: str) -> bytes:
    """Return the viewer with one place explained."""
    longitude, latitude = answered_places(folder / "maps" / contaminant, 1)[0]
    page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1.5)
    page.set_default_timeout(120_000)
    page.goto(
        f"{address}/#c={contaminant}&at={latitude:.6f},{longitude:.6f}"
        f"&view=14,{latitude:.6f},{longitude:.6f}"
    )
    page.wait_for_selector("#place-probability")
    page.wait_for_load_state("networkidle")
    return bytes(page.screenshot())


def keep(name: str, shot: bytes) -> None:
    """Write a picture with few colours."""
    path = Path("docs/images") / f"{name}.png"
    with Image.open(io.BytesIO(shot)) as image:
        shown = image.convert("RGB").crop(
            (0, 0, image.width, min(image.height, TALLEST * 3 // 2))
        )
        shown.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path} {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
