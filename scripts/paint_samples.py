"""Paint the six sample paintings into assets/samples/paintings, with their credits.

python scripts/paint_samples.py                    all six
python scripts/paint_samples.py comet --size 480 --to /tmp     a sketch of one
python scripts/paint_samples.py --report           how much happens at each scale
python scripts/paint_samples.py --sheet            docs/images/samples.jpg, photos included
"""

import argparse
import time
from pathlib import Path

import numpy as np
from painters import PAINTINGS, Painting
from painters.measure import band_energies, colour_statistics
from PIL import Image
from sample_shelf import ROOT, SAMPLES, Credit, read_credits, write_credits

FOLDER = SAMPLES / "paintings"
SIZE = 960  # pixels of the shorter side
QUALITY = 92


def main() -> None:
    """Do what the arguments ask for."""
    arguments = _arguments()
    if arguments.report:
        _report()
        return
    if arguments.sheet:
        contact_sheet(ROOT / "docs" / "images" / "samples.jpg")
        return
    arguments.to.mkdir(parents=True, exist_ok=True)
    for painting in PAINTINGS:
        if not arguments.names or painting.name in arguments.names:
            _paint(painting, arguments.size, arguments.to)
    if arguments.to == FOLDER:
        write_credits([_credit(painting) for painting in PAINTINGS])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Paint the program's sample paintings.")
    names = [painting.name for painting in PAINTINGS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (default: all of {', '.join(names)})")
    parser.add_argument("--size", type=int, default=SIZE, help="pixels of the shorter side (default: %(default)s)")
    parser.add_argument("--to", type=Path, default=FOLDER, help="the folder to write to (default: the assets)")
    parser.add_argument("--report", action="store_true", help="measure the paintings that are there, paint nothing")
    parser.add_argument("--sheet", action="store_true", help="draw the contact sheet for the docs, paint nothing")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names)
    if unknown:
        parser.error(f"there is no painting called {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return arguments


def _paint(painting: Painting, size: int, folder: Path) -> None:
    started = time.perf_counter()
    frame = painting.paint(size, painting.seed)
    path = folder / f"{painting.name}.jpg"
    Image.fromarray(frame).save(path, quality=QUALITY, optimize=True)
    height, width = frame.shape[:2]
    seconds = time.perf_counter() - started
    print(f"{painting.title:<22} {width}×{height}  {path.stat().st_size / 1024:4.0f} KB  {seconds:5.1f} s  {path}")


def _credit(painting: Painting) -> Credit:
    return Credit(
        file=f"paintings/{painting.name}.jpg",
        kind="painting",
        name=painting.name,
        title=painting.title,
        credit=f"Atelier's own ({painting.manner})",
        licence="Apache-2.0",
        source=f"scripts/painters/{painting.name}.py",
    )


def _report() -> None:
    print("deviation of lightness (of 255) by size of detail, and the palette's mean in CIELAB")
    print(f"{'':10}" + "".join(f"{2**k:>4}–{2 ** (k + 1):<2} px" for k in range(6)) + "       L     a     b")
    for painting in PAINTINGS:
        frame = np.asarray(Image.open(FOLDER / f"{painting.name}.jpg"))
        bands = "".join(f"{energy:10.1f}" for energy in band_energies(frame))
        palette = "".join(f"{value:6.0f}" for value in colour_statistics(frame)[:3])
        print(f"{painting.name:<8}{bands}   {palette}")


def contact_sheet(path: Path, width: int = 1200, gap: int = 12) -> None:
    """Draw all samples on one sheet: the paintings in two rows, the photos below; every row as wide as the others."""
    credits_ = read_credits()
    paintings = [SAMPLES / c.file for c in credits_ if c.kind == "painting"]
    photos = [SAMPLES / c.file for c in credits_ if c.kind == "photo"]
    rows = [_row(files, width, gap) for files in (paintings[:3], paintings[3:], photos) if files]
    sheet = Image.new("RGB", (width, sum(row.height + gap for row in rows) - gap), "#1e1f22")
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + gap
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(88, 40, -4):  # the docs should stay light
        sheet.save(path, quality=quality, optimize=True)
        if path.stat().st_size <= 300 * 1024:
            break
    print(f"{path}  {path.stat().st_size / 1024:.0f} KB")


def _row(files: list[Path], width: int, gap: int) -> Image.Image:
    pictures = [Image.open(file).convert("RGB") for file in files]
    height = round((width - gap * (len(files) - 1)) / sum(p.width / p.height for p in pictures))
    row = Image.new("RGB", (width, height), "#1e1f22")
    left = 0
    for k, picture in enumerate(pictures):
        last = k == len(pictures) - 1
        wide = width - left if last else round(height * picture.width / picture.height)
        row.paste(picture.resize((wide, height), Image.Resampling.LANCZOS), (left, 0))
        left += wide + gap
    return row


if __name__ == "__main__":
    main()
