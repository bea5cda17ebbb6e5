"""How near do guessed colours come, what do hints add, and about which subjects is the network wrong? Tables.

    python benchmarks/colour.py [--colouriser NAME|FILE|RUN] [--run RUN] [--count N] [--write] [--sheet FILE]

Colour photos are made grey and coloured again, with and without hints, by what the Restore panel runs. Pictures are
those that a training run kept for checking (`--run`), and others (`--pictures`, each a set of its own; by default of
BSDS200, which nothing here learnt from); what is grey itself does not count. Hints are dots of the mean colour around
places drawn by chance, a fiftieth of the side wide. PSNR is that of a and b of CIELAB, in dB of 8 bits. `--write`
renews the tables in docs/restoring.md and, where the network is the one that comes along, in its card. `--sheet` draws
what was made.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from models import cielab
from models.colouring import colour_in_bands, looked_at
from models.colouriser import Colouriser, load_colouriser
from studio.core.events import finish
from studio.core.images import load_picture
from studio.core.trained_models import TrainedModels
from studio.core.user_folders import UserFolders
from studio.jobs.restore.colourise import AUTOMATIC_COLOURISER
from studio.training.data.pictures import opening_pictures
from studio.training.kinds import kind_named, settings_of
from studio.training.run_folder import RunFolder
from studio.training.task import TaskContext
from studio.training.tasks.colourise_pictures import region_at

Bytes: TypeAlias = NDArray[np.uint8]
Lab: TypeAlias = NDArray[np.float32]
T = TypeVar("T")
ROOT = Path(__file__).parents[1]
IMAGES = ROOT.parent / "shared/data/images"
DOCUMENT, CARD = ROOT / "docs/restoring.md", ROOT / f"assets/weights/{AUTOMATIC_COLOURISER}.md"
BEGIN, END = "<!-- benchmarks/colour.py -->", "<!-- /benchmarks/colour.py -->"
NUMBERS = 0, 1, 10, 50
LEAST_COLOUR = 5.0
REGIONS, SMALLEST = 3, 0.02
_PEAK = 255.0

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom: shares of width and height."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

SUBJECTS: dict[str, tuple[tuple[str, Box], ...]] = {
    "people, lighter skin": (
        ("bsds200/181018.jpg", (0.38, 0.20, 0.58, 0.34)), ("bsds200/181079.jpg", (0.38, 0.10, 0.52, 0.21)),
        ("bsds200/198004.jpg", (0.28, 0.36, 0.45, 0.47)), ("bsds200/198023.jpg", (0.36, 0.27, 0.48, 0.38)),
        ("bsds200/198054.jpg", (0.36, 0.33, 0.52, 0.55)), ("bsds200/239096.jpg", (0.40, 0.25, 0.52, 0.55)),
        ("free/photos/mit-2429-3.jpg", (0.44, 0.30, 0.66, 0.78)),
        ("free/photos/oi-0788-c2a83ce7810a2bce.jpg", (0.51, 0.32, 0.70, 0.58)),
        ("free/photos/oi-0984-f6c09a82b1be6d3e.jpg", (0.45, 0.28, 0.60, 0.50)),
    ),
    "people, darker skin": (
        ("bsds200/187083.jpg", (0.52, 0.35, 0.66, 0.49)), ("bsds200/260081.jpg", (0.33, 0.36, 0.60, 0.60)),
        ("bsds200/246016.jpg", (0.36, 0.16, 0.49, 0.30)), ("bsds200/246053.jpg", (0.22, 0.26, 0.38, 0.42)),
        ("bsds200/246053.jpg", (0.52, 0.24, 0.70, 0.42)), ("bsds200/271008.jpg", (0.37, 0.46, 0.45, 0.68)),
        ("bsds200/376001.jpg", (0.43, 0.32, 0.52, 0.46)),
        ("free/photos/oi-0877-daa339007b1df1f1.jpg", (0.31, 0.24, 0.39, 0.36)),
        ("free/photos/oi-0877-daa339007b1df1f1.jpg", (0.52, 0.14, 0.60, 0.28)),
    ),
    "sky": (
        ("bsds200/118035.jpg", (0.70, 0.05, 0.98, 0.40)), ("bsds200/161062.jpg", (0.05, 0.05, 0.90, 0.25)),
        ("bsds200/24063.jpg", (0.02, 0.02, 0.14, 0.35)), ("bsds200/249061.jpg", (0.05, 0.03, 0.95, 0.30)),
        ("bsds200/232038.jpg", (0.35, 0.03, 0.80, 0.25)),
        ("free/photos/coco-1207-000000405279.jpg", (0.10, 0.03, 0.45, 0.50)),
        ("free/photos/wall-1779-where-does-it-end.jpg", (0.05, 0.02, 0.95, 0.22)),
        ("free/photos/gcompris-3023-chateaudechenonceau.jpg", (0.30, 0.02, 0.60, 0.20)),
    ),
    "green": (
        ("bsds200/113016.jpg", (0.05, 0.75, 0.95, 0.97)), ("bsds200/28096.jpg", (0.05, 0.10, 0.95, 0.90)),
        ("bsds200/368016.jpg", (0.05, 0.70, 0.95, 0.95)), ("bsds200/159091.jpg", (0.75, 0.03, 0.98, 0.40)),
        ("bsds200/232038.jpg", (0.40, 0.85, 0.95, 0.98)),
        ("free/photos/oi-0462-736adc25671fb004.jpg", (0.05, 0.25, 0.55, 0.45)),
        ("free/photos/gcompris-3014-ajantacave.jpg", (0.55, 0.75, 0.95, 0.97)),
        ("free/photos/coco-1207-000000405279.jpg", (0.10, 0.82, 0.70, 0.97)),
    ),
    "interiors": (
        ("free/photos/coco-1210-000000427034.jpg", WHOLE), ("free/photos/oi-0675-a8a387892a3ed255.jpg", WHOLE),
        ("free/photos/oi-0831-cf1a07ed8a784f89.jpg", WHOLE), ("free/photos/oi-0850-d419f0ef5d53ee43.jpg", WHOLE),
        ("free/photos/oi-0215-33425d3e9058ce29.jpg", WHOLE), ("free/photos/oi-0443-6ee0a82822205af4.jpg", WHOLE),
        ("free/photos/oi-0297-4a3035602ca46e5f.jpg", WHOLE),
    ),
}  # fmt: skip
"""Chosen by hand, by one pair of eyes, from pictures that nothing here learnt from."""


@dataclass(frozen=True)
class Network:
    """A colouriser as the panel uses it."""

    network: Colouriser
    side: int

    def colour(self, grey: Bytes, hints: Bytes | None = None) -> Bytes:
        """Return a picture with its colours, 8 bits."""
        made = np.empty(grey.shape, np.uint16)
        for _ in colour_in_bands(grey, looked_at(self.network, grey, hints, self.side), made):
            pass
        return np.asarray(np.rint(made / 257.0), np.uint8)


def main() -> None:
    """Colour, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--colouriser", default=AUTOMATIC_COLOURISER, help="a name, a file, or a finished run")
    parser.add_argument("--run", type=Path, help="a training run: the pictures that it kept for checking")
    parser.add_argument("--pictures", type=Path, nargs="*", default=[IMAGES / "bsds200"], help="folders, or lists")
    parser.add_argument("--count", type=int, default=24, help="so many pictures of each set")
    parser.add_argument("--side", type=int, default=320, help="px: larger pictures are reduced to this longer side")
    parser.add_argument("--works-on", type=int, default=0, help="px: in place of what the network's file says")
    parser.add_argument("--sheet", type=Path, help="a PNG to draw what was made into")
    parser.add_argument("--write", action="store_true", help=f"renew the tables in {DOCUMENT.name} and the card")
    options = parser.parse_args()
    torch.set_num_threads(1)
    network, facts = load_colouriser(TrainedModels.standard("colouriser").find(options.colouriser).path)
    ours = Network(network, options.works_on or facts.side)
    sets = {name: pictures for name, pictures in picture_sets(options) if pictures}
    told = [*hints_table(ours, sets), "", *region_words(ours, sets)]
    print("\n".join(told), flush=True)
    subjects = subject_table(ours, options.side)
    print("\n".join(["", *subjects]))
    if options.sheet:
        draw_sheet(ours, next(iter(sets.values()))[:8], options.sheet)
    if options.write:
        renew(DOCUMENT, [*told, "", *subjects])
        if options.colouriser == AUTOMATIC_COLOURISER:
            renew(CARD, [*told, "", *subjects])


def renew(document: Path, lines: Sequence[str]) -> None:
    """Put the tables between their marks."""
    before, rest = document.read_text(encoding="utf-8").split(BEGIN)
    document.write_text("\n".join([before + BEGIN, *lines, END + rest.split(END)[1]]), encoding="utf-8")


# -- pictures and hints ----------------------------------------------------------------------------------------------


def picture_sets(options: argparse.Namespace) -> Iterator[tuple[str, list[Bytes]]]:
    """Return sets by what they are, without pictures that are grey themselves."""
    if options.run:
        plan = RunFolder(options.run).read_plan()
        kind = kind_named(plan.task)
        settings = settings_of(plan, kind)
        place = TaskContext(torch.device("cpu"), UserFolders.standard().cache / "training", settings.seed)
        held_back: int = settings.held_back  # type: ignore[attr-defined]
        examples, kept = finish(
            opening_pictures(kind.data[0], plan.data, settings, place, side=512, held_back=held_back)
        )  # fmt: skip
        yield (
            "kept from learning",
            _colourful((examples.pictures[number] for number in _thinned(kept, options)), options),
        )
    for path in options.pictures:
        files = sorted(path.glob("*.*")) if path.is_dir() else [Path(line) for line in path.read_text().splitlines()]
        yield path.stem, _colourful((load_picture(file).pixels for file in _thinned(files, options)), options)


def _thinned(items: Sequence[T], options: argparse.Namespace) -> Sequence[T]:
    return items[:: max(1, len(items) // options.count)]


def _colourful(pictures: Iterator[NDArray[Any]], options: argparse.Namespace) -> list[Bytes]:
    found: list[Bytes] = []
    for pixels in pictures:
        if len(found) == options.count:
            break
        small = _reduced(pixels, options.side)
        if np.linalg.norm(lab_of(small)[..., 1:], axis=2).mean() >= LEAST_COLOUR:
            found.append(small)
    return found


def _reduced(pixels: NDArray[Any], side: int) -> Bytes:
    share = min(1.0, side / max(pixels.shape[:2]))
    size = round(pixels.shape[1] * share), round(pixels.shape[0] * share)
    colours = np.ascontiguousarray(pixels[..., :3], np.uint8)
    return np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), np.uint8)


def lab_of(picture: Bytes) -> Lab:
    """H×W×3, 0–255 → H×W×3: L, a, b."""
    floats = torch.from_numpy(picture.astype(np.float32) / np.float32(255)).permute(2, 0, 1)[None]
    return np.ascontiguousarray(cielab.lab_from_rgb(floats)[0].permute(1, 2, 0).numpy())


def grey_of(picture: Bytes) -> Bytes:
    """Return a picture without its colours: its L as grey."""
    grey = cielab.grey_of(torch.from_numpy(lab_of(picture))[None, None, ..., 0])[0, 0].numpy()
    return np.asarray(np.rint(grey * 255)[..., None].repeat(3, axis=2), np.uint8)


def dots(picture: Bytes, places: NDArray[Any], colours: Sequence[Bytes] = ()) -> Bytes:
    """Return hints, RGBA: at each place, shares of height and width, a dot of the mean colour around it."""
    height, width = picture.shape[:2]
    radius = max(1, round(max(height, width) / 100))
    hints = np.zeros((height, width, 4), np.uint8)
    for number, (row, column) in enumerate(places):
        y, x = min(int(row * height), height - 1), min(int(column * width), width - 1)
        around = picture[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
        mean = colours[number] if len(colours) else np.rint(around.mean(axis=(0, 1)))
        cv2.circle(hints, (x, y), radius, (*map(int, mean), 255), -1)
    return hints


def spread(picture: Bytes, hints: Bytes) -> Lab:
    """Return a and b without a network: each place takes those of the hints that are near and as light."""
    lab, at = lab_of(picture), np.argwhere(hints[..., 3] > 0)[::4]
    told = lab_of(np.ascontiguousarray(hints[..., :3]))[at[:, 0], at[:, 1], 1:]
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    sums, total = np.zeros(lab.shape, np.float32)[..., 1:], np.full(lab.shape[:2], 1e-6, np.float32)
    for (row, column), colour in zip(at, told, strict=True):
        apart = ((lab[..., 0] - lab[row, column, 0]) / 12) ** 2
        away = ((y - row) ** 2 + (x - column) ** 2) / (0.15 * max(picture.shape[:2])) ** 2
        weight = np.exp(-0.5 * (apart + away)).astype(np.float32)
        sums += weight[..., None] * colour
        total += weight
    return np.asarray(sums / total[..., None], np.float32)


# -- tables ----------------------------------------------------------------------------------------------------------


def ab_psnr(made: Lab, wanted: Lab) -> float:
    """Return the PSNR of a and b, both H×W×2, in dB of 8 bits."""
    return float(10 * np.log10(_PEAK**2 / max(1e-6, float(np.square(made - wanted).mean()))))


def hints_table(ours: Network, sets: dict[str, list[Bytes]]) -> list[str]:
    """Return PSNR by the number of hints, and how colourful what is guessed is."""
    titles = " | ".join(f"{len(pictures)} pictures ({name})" for name, pictures in sets.items())
    rows: dict[str, list[str]] = {}
    for pictures in sets.values():
        found: dict[str, list[float]] = {}
        vivid = [0.0, 0.0]
        for number, picture in enumerate(pictures):
            grey, wanted = grey_of(picture), lab_of(picture)[..., 1:]
            places = np.random.default_rng(number).random((max(NUMBERS), 2))
            found.setdefault("left grey", []).append(ab_psnr(np.zeros_like(wanted), wanted))
            for count in NUMBERS:
                made = lab_of(ours.colour(grey, dots(picture, places[:count])))[..., 1:]
                words = "no hints" if not count else "1 hint" if count == 1 else f"{count} hints"
                found.setdefault(f"**{words}**", []).append(ab_psnr(made, wanted))
                if not count:
                    for place, ab in enumerate((made, wanted)):
                        vivid[place] += float(np.linalg.norm(ab, axis=2).mean())
            found.setdefault("10 hints, spread without a network", []).append(
                ab_psnr(spread(picture, dots(picture, places[:10])), wanted)
            )
        for title, values in found.items():
            rows.setdefault(title, []).append(f"{np.mean(values):.2f}")
        rows.setdefault("chroma without hints, as a share of the photo's", []).append(f"{vivid[0] / vivid[1]:.0%}")
    head = [f"| PSNR of a and b, dB | {titles} |", "|---" * (1 + len(sets)) + "|"]
    return [*head, *(f"| {title} | {' | '.join(cells)} |" for title, cells in rows.items())]


def region_words(ours: Network, sets: dict[str, list[Bytes]]) -> list[str]:
    """Say what one hint does to its region: flood-filled ones, the hint in their middle."""
    cells = []
    for name, pictures in sets.items():
        before = after = elsewhere = 0.0
        count = 0
        for number, picture in enumerate(pictures):
            lab, grey = lab_of(picture), grey_of(picture)
            smooth = np.asarray(cv2.GaussianBlur(lab, (5, 5), 0), np.float32)
            alone = lab_of(ours.colour(grey))[..., 1:]
            for row, column in _regions(smooth, number):
                region = region_at(smooth, row, column) > 0.5
                inmost = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, 5)
                y, x = np.unravel_index(int(inmost.argmax()), inmost.shape)
                place = np.array([[(y + 0.5) / len(lab), (x + 0.5) / lab.shape[1]]])
                mean = np.rint(picture[region].mean(axis=0)).astype(np.uint8)
                told = lab_of(ours.colour(grey, dots(picture, place, [mean])))[..., 1:]
                errors = [np.linalg.norm(ab - lab[..., 1:], axis=2) for ab in (alone, told)]
                before, after = before + float(errors[0][region].sum()), after + float(errors[1][region].sum())
                elsewhere += float((errors[1] - errors[0])[~region].mean())
                count += 1
        cells.append(f"{1 - after / max(before, 1e-6):.0%} in {count} regions ({name}; elsewhere the error changes "
                     f"by {elsewhere / max(1, count):+.1f})")  # fmt: skip
    return [f"One hint of a region's mean colour in its middle removes of its colour error: {'; '.join(cells)}."]


def _regions(smooth: Lab, seed: int) -> Iterator[tuple[int, int]]:
    """Draw a few places whose regions are large enough and do not overlap."""
    taken, found = np.zeros(smooth.shape[:2], bool), 0
    for row, column in np.random.default_rng(seed).random((40, 2)):
        y, x = int(row * smooth.shape[0]), int(column * smooth.shape[1])
        region = region_at(smooth, y, x) > 0.5
        if region.mean() >= SMALLEST and not (region & taken).any():
            taken |= region
            found += 1
            yield y, x
        if found == REGIONS:
            return


def subject_table(ours: Network, side: int) -> list[str]:
    """Return errors by kind of subject: distances in a and b within boxes chosen by hand."""
    lines = ["| subject | places | colour error if left grey | guessed | with one hint | chroma: photo → guessed |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for subject, places in SUBJECTS.items():
        sums: list[list[float]] = []
        for name, box in places:
            picture = _reduced(load_picture(IMAGES / name).pixels, side)
            grey, wanted = grey_of(picture), _within(lab_of(picture), box)
            middle = np.array([[(box[1] + box[3]) / 2, (box[0] + box[2]) / 2]])
            mean = np.rint(_within(picture, box).mean(axis=(0, 1))).astype(np.uint8)
            made = [_within(lab_of(ours.colour(grey, hints)), box) for hints in (None, dots(picture, middle, [mean]))]
            apart = [float(np.linalg.norm((ab - wanted)[..., 1:], axis=2).mean()) for ab in made]
            chroma = [float(np.linalg.norm(ab[..., 1:], axis=2).mean()) for ab in (wanted, made[0])]
            sums.append([chroma[0], *apart, *chroma])
        grey_error, guessed, told, photo, made_chroma = np.mean(sums, axis=0)
        lines.append(f"| {subject} | {len(places)} | {grey_error:.1f} | {guessed:.1f} | {told:.1f} | "
                     f"{photo:.0f} → {made_chroma:.0f} |")  # fmt: skip
    return lines


def _within(picture: NDArray[Any], box: Box) -> NDArray[Any]:
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    return picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


def draw_sheet(ours: Network, pictures: Sequence[Bytes], file: Path) -> None:
    """Draw each picture: grey with ten hints, guessed, with the hints, as it was."""
    columns = []
    for number, picture in enumerate(pictures):
        grey, hints = grey_of(picture), dots(picture, np.random.default_rng(number).random((10, 2)))
        given = np.where(hints[..., 3:] > 0, hints[..., :3], grey)
        made = [_fitted(one) for one in (given, ours.colour(grey), ours.colour(grey, hints), picture)]
        columns.append(np.vstack(made))
    Image.fromarray(np.hstack(columns)).save(file)


def _fitted(picture: Bytes, side: int = 240) -> Bytes:
    small = _reduced(picture, side)
    cell = np.zeros((side, side, 3), np.uint8)
    cell[: small.shape[0], : small.shape[1]] = small
    return cell


if __name__ == "__main__":
    main()
