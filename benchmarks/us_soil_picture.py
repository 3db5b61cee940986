"""The picture of docs/us_soil.md: the figure that the report draws, in few colours.

Run from the root of the project after ``hotspot run experiment=us_soil``::

    python benchmarks/us_soil_picture.py pb docs/images/us_soil_pb.png

Another run is named behind it: `python benchmarks/us_soil_picture.py pb FILE NAME`.
"""

import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
# Wide enough for a page; flat colours need no more than these.
WIDTH = 1200
COLOURS = 256


def main() -> None:
    """Write the picture."""
    if len(sys.argv) not in (3, 4):
        sys.exit("Give a contaminant, a file to write and, if it has another, a run's name.")
    contaminant, target = sys.argv[1:3]
    name = sys.argv[3] if len(sys.argv) == 4 else "us_soil"
    figure = (
        ROOT / "experiments" / name / "report" / "figures" / f"{contaminant}_probability.png"
    )
    if not figure.is_file():
        sys.exit(f"There is no {figure}. Run `hotspot run experiment=us_soil` first.")
    with Image.open(figure) as drawn:
        height = round(drawn.height * WIDTH / drawn.width)
        small = drawn.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    few = small.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


if __name__ == "__main__":
    main()
