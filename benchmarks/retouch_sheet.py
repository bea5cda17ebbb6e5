"""Twenty photos as given and as Restore makes them: the contact sheet of docs/restoring.md.

    python benchmarks/retouch_sheet.py [--pictures ../shared/data/images/free/photos] [--out out/retouched] [--write]

Seven have a stroke and an ellipse painted over, for *Fill*. Six are damaged by chance, and mended by *Scratches* and
then *Text*, which find for themselves what is damaged. Seven are grey, for *Colour*: three as guessed, four with eight
dots of their true colours. Each result lies in `--out` at full size; `--write` renews the sheet in docs/images.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
from colour import dots, grey_of
from numpy.typing import NDArray

from models.scratching import scratched
from studio.core.controls import Controls
from studio.core.events import Picture, finish
from studio.core.images import LoadedPicture, load_picture
from studio.core.picture_task import CONTENT, HINTS, HOLE, PictureRequest
from studio.core.resizing import fit_within, to_8_bits
from studio.core.restore_settings import RestoreSettings
from studio.jobs.restore.restore import restore

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "docs/images/retouched.jpg"
SIDE, CELL, GAP, COLUMNS = 640, (190, 128), 6, 4
FILLED = (
    "wall-1312-kitten-on-lawn", "wall-1303-colorful-wall", "wall-1346-the-spices-of-life", "wall-1324-orange-hallway",
    "wall-1343-taipei-city", "gcompris-3013-goldentemple", "wall-1344-tea-gardens",
)  # fmt: skip
DAMAGED = (
    "sample-2706-astronaut", "gcompris-2996-mountrushmore", "wall-1766-pink-house", "wall-1325-perched-osprey",
    "wall-1330-roman-colosseum", "wall-1297-budgie-branch",
)  # fmt: skip
GUESSED = "sample-2706-astronaut", "wall-1344-tea-gardens", "sample-2708-coffee"
HINTED = (
    "wall-1766-pink-house", "wall-1304-dragonfly-on-lavender", "gcompris-3006-gatewayofindia",
    "wall-1346-the-spices-of-life",
)  # fmt: skip
MARK = 255, 90, 50


def main() -> None:
    """Make all twenty; with `--write` put the sheet together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, default=ROOT.parent / "shared/data/images/free/photos")
    parser.add_argument("--out", type=Path, default=ROOT / "out/retouched")
    parser.add_argument("--write", action="store_true", help="renew docs/images/retouched.jpg")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pairs = []
    for kind, names in (("fill", FILLED), ("scratches", DAMAGED), ("colour", GUESSED), ("hints", HINTED)):
        for number, name in enumerate(names):
            photo = fit_within(load_picture(options.pictures / f"{name}.jpg").pixels[..., :3], SIDE)
            given, made = results(kind, number, np.ascontiguousarray(photo))
            cv2.imwrite(str(options.out / f"{kind}-{name}.png"), np.hstack([given, made])[..., ::-1])
            pairs.append(np.hstack([_cell(given), _cell(made)]))
            print(kind, name, flush=True)
    if options.write:
        blank = np.zeros_like(pairs[0])
        pairs += [blank] * (-len(pairs) % COLUMNS)
        framed = [np.pad(pair, ((0, GAP), (0, GAP), (0, 0)), constant_values=30) for pair in pairs]
        rows = [np.hstack(framed[first : first + COLUMNS]) for first in range(0, len(framed), COLUMNS)]
        cv2.imwrite(str(SHEET), np.vstack(rows)[:-GAP, :-GAP, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


def results(kind: str, number: int, photo: Picture) -> tuple[Picture, Picture]:
    """Return what is given, and what is made of it."""
    random = np.random.default_rng(number)
    if kind == "fill":
        hole = stroke_and_ellipse(photo, random)
        given = photo.copy()
        given[hole > 0] = MARK
        return given, restored(photo, RestoreSettings(mode="fill"), **{HOLE: np.dstack([hole] * 3)})
    if kind == "scratches":
        damaged = scratched(photo, 7 * number + 1).picture
        mended = restored(damaged, RestoreSettings(mode="scratches"))
        return damaged, restored(mended, RestoreSettings(mode="text"))
    grey = grey_of(photo)
    if kind == "colour":
        return grey, restored(grey, RestoreSettings(mode="colourise"))
    hints = dots(photo, random.random((8, 2)))
    shown = np.where(hints[..., 3:] > 0, hints[..., :3], grey)
    return shown, restored(grey, RestoreSettings(mode="colourise"), **{HINTS: hints})


def stroke_and_ellipse(photo: Picture, random: np.random.Generator) -> NDArray[np.uint8]:
    """Return a hole as a brush leaves one, and a round one beside it: H×W, 255 in them."""
    height, width = photo.shape[:2]
    hole = np.zeros((height, width), np.uint8)
    x, y = random.uniform(0.1, 0.25) * width, random.uniform(0.25, 0.75) * height
    end = round(x + 0.35 * width), round(y + random.uniform(-0.2, 0.2) * height)
    cv2.line(hole, (round(x), round(y)), end, 255, 14)
    middle = round(random.uniform(0.55, 0.75) * width), round(random.uniform(0.4, 0.6) * height)
    cv2.ellipse(hole, middle, (round(0.08 * width), round(0.1 * height)), 0, 0, 360, 255, -1)
    return hole


def restored(photo: Picture, settings: RestoreSettings, **painted: Picture) -> Picture:
    """Return what the panel would make of a photo with what is painted over it."""
    inputs = {CONTENT: (_loaded(photo),)} | {role: (_loaded(picture),) for role, picture in painted.items()}
    return to_8_bits(finish(restore(PictureRequest(inputs), Controls(settings))).picture[..., :3])


def _loaded(pixels: Picture) -> LoadedPicture:
    return LoadedPicture(pixels, "made here", sha256="0" * 64)


def _cell(picture: Picture) -> Picture:
    width, height = CELL
    share = max(width / picture.shape[1], height / picture.shape[0])
    size = max(width, round(picture.shape[1] * share)), max(height, round(picture.shape[0] * share))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    return np.asarray(small[top : top + height, left : left + width], np.uint8)


if __name__ == "__main__":
    main()
