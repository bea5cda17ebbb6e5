"""Ten pairs, painted as version 0.1 did and as now, side by side: the contact sheet of docs/painting.md.

    python benchmarks/paint_sheet.py [--pictures ../shared/data/images/free] [--out out/paint] [--size 1024] [--write]

Each version paints at its own default size, where `--size` says nothing else; the sheet shows both equally large.
Finished pictures are kept in `--out` and not painted again. `--write` renews the sheet in docs/images.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
from paint_quality import BEFORE, paint

from studio.core.events import Picture
from studio.core.images import load_picture
from studio.core.picture_task import CONTENT, PictureRequest
from studio.core.resizing import fit_within
from studio.core.style_settings import StyleSettings

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "docs/images/painting.jpg"
PAIRS: Mapping[str, tuple[str, str]] = {
    "neuschwanstein": ("samples/photos/neuschwanstein.jpg", "samples/paintings/starry-night.jpg"),
    "red panda": ("samples/photos/red-panda.jpg", "samples/paintings/grande-jatte.jpg"),
    "fig": ("samples/photos/fig.jpg", "samples/paintings/composition-vii.jpg"),
    "machu picchu": ("samples/photos/machu-picchu.jpg", "samples/paintings/scream.jpg"),
    "polar bear": ("photos/gcompris-3086-polar-bear.jpg", "samples/paintings/great-wave.jpg"),
    "kitten": ("photos/wall-1312-kitten-on-lawn.jpg", "paintings/aic-2794-16648.jpg"),
    "colosseum": ("photos/wall-1330-roman-colosseum.jpg", "paintings/aic-2754-14620.jpg"),
    "lake": ("photos/wall-1764-nature-mirror.jpg", "paintings/pd-2986-water-lilies.jpg"),
    "hummingbird": ("photos/wall-2310-hummingbird.jpg", "paintings/aic-2804-19339.jpg"),
    "chamomile": ("photos/wall-1308-fragrant-chamomile.jpg", "paintings/aic-2792-16629.jpg"),
}
"""Name → photo and painting; what begins with “samples” comes along with Atelier, the rest lies in `--pictures`."""
CELL = (384, 288)
SIZE_BEFORE = 512
"""Default size of version 0.1, px."""
GAP = 4


def main() -> None:
    """Paint what is missing; with `--write` put the sheet together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, default=ROOT.parent / "shared/data/images/free")
    parser.add_argument("--out", type=Path, default=ROOT / "out/paint")
    parser.add_argument("--size", type=int, default=StyleSettings().size, help="size of what is painted today, px")
    parser.add_argument("--write", action="store_true", help="renew docs/images/painting.jpg")
    options = parser.parse_args()
    before = StyleSettings.model_validate({"size": SIZE_BEFORE, **BEFORE})
    rows = []
    for name, files in PAIRS.items():
        photo, painting = (load_picture(_found(file, options.pictures)) for file in files)
        request = PictureRequest({CONTENT: (photo,), "style": (painting,)})
        painted = [
            _painted(options.out / label / f"{name}.png", request, settings)
            for label, settings in (("before", before), ("after", StyleSettings(size=options.size)))
        ]
        rows.append(np.hstack([_cell(picture) for picture in (photo.pixels, painting.pixels, *painted)]))
    if options.write:
        sheet = np.vstack(rows)[:, :-GAP][:-GAP]
        cv2.imwrite(str(SHEET), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])


def _found(file: str, pictures: Path) -> Path:
    return ROOT / "assets" / file if file.startswith("samples/") else pictures / file


def _painted(file: Path, request: PictureRequest, settings: StyleSettings) -> Picture:
    """Return the finished picture, painted now where it is not there yet."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), paint(request, settings)[..., ::-1])
    return load_picture(file).pixels


def _cell(picture: Picture) -> Picture:
    """Fit a picture into its place on the sheet."""
    width, height = CELL
    small = fit_within(picture[..., :3], max(1, round(min(width / picture.shape[1], height / picture.shape[0])
                                                      * max(picture.shape[:2]))))  # fmt: skip
    cell = np.full((height + GAP, width + GAP, 3), 255, np.uint8)
    cell[: small.shape[0], : small.shape[1]] = small[:height, :width]
    return cell


if __name__ == "__main__":
    main()
