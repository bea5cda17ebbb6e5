"""Make the pictures of docs/images again: the real window, driven without a screen, painting the sample pictures.

python scripts/screenshots.py                     all of them (minutes: the paintings are really painted)
python scripts/screenshots.py window library      only these
python scripts/screenshots.py --out out/shots     somewhere else
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# before anything imports Qt
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("QT_SCALE_FACTOR", "1")

import shots_of_painting
import shots_of_photos
import shots_of_training
from PIL import Image
from PySide6.QtCore import QBuffer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication
from shot_stage import Stage

LIMIT = 400_000
"""Bytes that a picture may have: the README loads it on a train."""
PALETTES = (256, 200, 160, 128, 96, 64, 48)
OUT = Path(__file__).resolve().parents[1] / "docs" / "images"

SHOTS: dict[str, tuple[Callable[[Stage], QPixmap], str]] = {
    "window": (shots_of_painting.window, "dark"),
    "window-light": (shots_of_painting.window, "light"),
    "empty": (shots_of_painting.empty, "dark"),
    "branch": (shots_of_painting.branch, "dark"),
    "layers": (shots_of_painting.layers, "dark"),
    "failure": (shots_of_painting.failure, "dark"),
    "shortcuts": (shots_of_painting.shortcuts, "dark"),
    "library": (shots_of_painting.library, "dark"),
    "adjust": (shots_of_photos.adjust, "dark"),
    "restore": (shots_of_photos.restore, "dark"),
    "masks": (shots_of_photos.masks, "dark"),
    "colour": (shots_of_photos.colour, "dark"),
    "dream": (shots_of_photos.dream, "dark"),
    "draw": (shots_of_photos.draw, "dark"),
    "train-new": (shots_of_training.train_new, "dark"),
    "train": (shots_of_training.train, "dark"),
    "instant": (shots_of_painting.instant, "dark"),
}


def save_small(shot: QPixmap, path: Path) -> int:
    """Write a PNG with as many colours as fit into `LIMIT` bytes; returns its size."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.ReadWrite)
    image = shot.toImage()
    image.setDevicePixelRatio(1.0)
    image.save(buffer, "PNG")
    picture = Image.open(BytesIO(bytes(buffer.data().data()))).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    for colours in PALETTES:
        small = picture.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        if path.stat().st_size <= LIMIT:
            break
    return path.stat().st_size


def main() -> int:
    """Make the pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "shots", nargs="*", metavar="NAME", help=f"which: {', '.join(SHOTS)} (all, where none is named)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="the folder to write to")
    options = parser.parse_args()
    unknown = set(options.shots) - set(SHOTS)
    if unknown:
        parser.error(f"there is no picture called {', '.join(sorted(unknown))}")
    application = QApplication(sys.argv[:1])
    for name in options.shots or SHOTS:
        arrange, theme = SHOTS[name]
        with tempfile.TemporaryDirectory() as home:
            stage = Stage(application, Path(home), theme)
            try:
                size = save_small(arrange(stage), options.out / f"{name}.png")
            finally:
                stage.close()
        print(f"{options.out / name}.png  {size / 1000:.0f} kB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
