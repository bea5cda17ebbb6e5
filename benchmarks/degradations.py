"""Can a loader's worker degrade pictures on the fly? Each preset on the sample photos, one core, at 400 px.

    python benchmarks/degradations.py [--side 400] [--seeds 40] [--kinds] [--sheet FILE] [--json]

Milliseconds are those of the processor's time for one picture; asked are at most 60. So that machines, and hours on
one, can be compared there is a ratio, too: over the same picture saved as JPEG, opened, and resized by a half, in
turns. `--kinds` measures every single degradation; `--sheet
docs/images/degradations.jpg` draws what the presets look like at 100 %, and ends.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import thread_time

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from models.degradation_presets import PRESETS
from models.degradation_steps import Bytes
from models.degradations import KINDS, DegradationRecipe, degrade
from studio.core.degrade_settings import PRESET_WORDS
from studio.core.images import load_picture
from studio.core.samples import sample_photos

SHOWN = ("old-photo", "old-photo", "web", "watermark", "cut-outs", "black-and-white", "edges", "lesson7-critic")
SEEDS = (2, 3, 4, 11, 12, 1, 1, 15)


@dataclass(frozen=True)
class Timing:
    """One recipe: milliseconds of the processor's time, and as a multiple of a JPEG and a resize."""

    recipe: str
    median_ms: float
    p95_ms: float
    most_ms: float
    ratio: float


def pictures(side: int) -> list[Bytes]:
    """Return the sample photos, the middle square of each."""
    squares = []
    for sample in sample_photos():
        pixels = load_picture(sample.path).pixels[..., :3]
        short = min(pixels.shape[:2])
        top, left = (pixels.shape[0] - short) // 2, (pixels.shape[1] - short) // 2
        square = np.ascontiguousarray(pixels[top : top + short, left : left + short])
        squares.append(np.ascontiguousarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)))
    return squares


def yardstick(picture: Bytes) -> None:
    """What any loader does at least: a JPEG and a resize."""
    opened = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 75])[1], cv2.IMREAD_COLOR)
    cv2.resize(opened, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def measure(name: str, recipe: DegradationRecipe, photos: list[Bytes], seeds: int) -> Timing:
    """Degrade every photo with its share of the seeds, the yardstick in between."""
    degrade(photos[0], recipe, 0)
    times, others = [], []
    for seed in range(seeds):
        photo = photos[seed % len(photos)]
        begun = thread_time()
        degrade(photo, recipe, seed)
        between = thread_time()
        yardstick(photo)
        times.append(1e3 * (between - begun))
        others.append(1e3 * (thread_time() - between))
    p95 = statistics.quantiles(times, n=20)[-1]
    return Timing(name, statistics.median(times), p95, max(times), statistics.median(times) / statistics.median(others))


def contact_sheet(path: Path, photos: list[Bytes], side: int) -> None:
    """Write what presets make of the photos: a row a photo, a column a preset, at 100 %."""
    font, head, gap = ImageFont.load_default(15), 26, 6
    names = ["Photo", *(PRESET_WORDS[name][0].partition(",")[0] for name in SHOWN)]
    size = (len(names) * (side + gap) - gap, head + len(photos) * (side + gap) - gap)
    sheet = Image.new("RGB", size, (30, 30, 30))
    for column, name in enumerate(names):
        ImageDraw.Draw(sheet).text((column * (side + gap) + 2, 4), name, fill=(220, 220, 220), font=font)
    for row, photo in enumerate(photos):
        made = [
            degrade(photo, PRESETS[name], 100 * row + seed).picture for name, seed in zip(SHOWN, SEEDS, strict=True)
        ]
        for column, picture in enumerate((photo, *made)):
            shown = Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(shown, (column * (side + gap), head + row * (side + gap)))
    sheet.save(path, quality=76, optimize=True)


def main() -> None:
    """Measure, or draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--kinds", action="store_true")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    if asked.sheet:
        contact_sheet(asked.sheet, pictures(200)[:4], 200)
        return
    recipes: Mapping[str, DegradationRecipe] = PRESETS
    if asked.kinds:
        recipes = {kind.title: DegradationRecipe(steps=(kind(),)) for kind in KINDS}
    photos = pictures(asked.side)
    timings = [measure(name, recipe, photos, asked.seeds) for name, recipe in recipes.items()]
    if asked.json:
        print(json.dumps([asdict(timing) for timing in timings], indent=2))
        return
    table = Table("recipe", "median ms", "95 %", "most", "× JPEG and resize", box=None)
    for timing in timings:
        row = (timing.median_ms, timing.p95_ms, timing.most_ms, timing.ratio)
        table.add_row(timing.recipe, *(f"{number:.1f}" for number in row))
    Console().print(table)


if __name__ == "__main__":
    main()
