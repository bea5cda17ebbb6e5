"""How near one pass of a fast style comes to a hundred steps of optimisation, and what painting in strips costs.

    python benchmarks/fast_style.py [--weights DIR] [--photos DIR…] [--evaluations 100] [--write]

Each packaged fast style paints photos that it has never seen; L-BFGS paints them from the photo, through the network
and with the weights that the fast style was trained with. Both are judged by that network itself, and by others that
neither has looked through (VGG-19 to relu3_1, SqueezeNet 1.1): *style* is the distance of the Gram matrices from the
painting's, where the photo's distance is 1; *content* that of the features of the third scale from the photo's. Asked:
each within 1.5 × of L-BFGS. The time of one megapixel in strips is compared with a plain pass over all of it, by
processor time within one run. Asked: at most 1.1 ×. What becomes of plain ground is measured in `plain_ground.py`.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import process_time

os.environ.setdefault("GOMP_SPINCOUNT", "0")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
import torch
from backbone import (
    CONTENT_SCALE,
    SQUEEZENET,
    VGG,
    Picture,
    distance,
    read_four,
    statistics_of,
)
from plain_ground import ground_of, table_of_ground
from torch import Tensor

from models.backbones import Backbone, load_backbone
from models.fast_style import FastStyleNetwork
from models.fast_style_files import FastStyleFacts, load_fast_style
from models.fast_style_strips import laid_over, paint_in_strips
from models.painting_init import cover
from models.pixels import to_picture, to_tensor
from models.statistics import gram_matrix
from models.style_optimisation import StyleOptimisation
from models.style_transfer import StyleObjective
from models.weight_headers import safetensors_metadata
from studio.core.known_networks import packaged_weights
from studio.core.samples import find_sample
from studio.training.tasks.fast_style import loss_weights
from studio.training.tasks.fast_style_settings import FastStyleSettings

ROOT = Path(__file__).parents[1]
SLIM = "atelier-slim"
SHEET, TABLE = "docs/images/fast-style.jpg", "docs/fast-style.md"
ASKED, ASKED_OF_STRIPS = 1.5, 1.1
MEGAPIXEL = 1024


@dataclass(frozen=True, slots=True)
class Contender:
    """A fast style, its painting at the size that it learnt, and the settings of its loss."""

    name: str
    label: str
    network: FastStyleNetwork
    facts: FastStyleFacts
    painting: Tensor
    settings: FastStyleSettings


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one judge says of one fast style and of L-BFGS: means over all photos."""

    judge: str
    style: tuple[float, float]
    content: tuple[float, float]

    @property
    def ratios(self) -> tuple[float, float]:
        """Fast style ÷ L-BFGS: of style, of content."""
        return self.style[0] / self.style[1], self.content[0] / self.content[1]


def main() -> None:
    """Paint, judge, print; with `--write` renew the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=ROOT.parent / "shared/data/weights", help="the judges' files")
    parser.add_argument("--photos", type=Path, nargs="+", default=[ROOT.parent / "shared/data/images/photos"])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--out", type=Path, default=ROOT / "out/fast-style")
    parser.add_argument("--write", action="store_true", help=f"renew {TABLE} and {SHEET}")
    options = parser.parse_args()
    torch.set_num_threads(1)
    photos = [picture for folder in options.photos for picture in read_four(folder, options.size)]
    squares = [cover(photo.image, options.size, options.size) for photo in photos]
    slim = load_backbone(packaged_weights().folder / "atelier-slim.safetensors", "slim")
    judges = {SLIM: slim, **other_judges(options.weights)}
    report, rows, grounds = heading(options, photos), [], {}
    for contender in contenders():
        fast = [paint_at_once(contender.network, square) for square in squares]
        slow = [
            optimised(slim, contender, photo, square, options) for photo, square in zip(photos, squares, strict=True)
        ]
        verdicts = [judged(name, judge, contender.painting, squares, fast, slow) for name, judge in judges.items()]
        report += table_of(contender, verdicts)
        paint = partial(paint_at_once, contender.network)
        grounds[contender.label] = ground_of(paint, contender.painting, [to_picture(square) for square in squares])
        rows += [
            [square, cover(contender.painting, options.size, options.size), quick, steady]
            for square, quick, steady in zip(squares, fast, slow, strict=True)
        ]
    report += table_of_ground(grounds)
    report += verdict_on_strips(strips_against_one_pass(contenders()[-1].network))
    text = "\n".join([*report, "", f"![photo, painting, fast style, L-BFGS]({SHEET.removeprefix('docs/')})", "",
                      "From left to right: photo, painting, fast style, L-BFGS.", ""])  # fmt: skip
    print(text)
    write_sheet(options.out / "sheet.jpg", rows)
    if options.write:
        write_sheet(ROOT / SHEET, rows)
        (ROOT / TABLE).write_text(text, encoding="utf-8")


def contenders() -> list[Contender]:
    """Return the packaged fast styles."""
    packaged = packaged_weights()
    found = []
    for known in packaged.manifest.networks:
        if known.task != "fast_style" or known.former:
            continue
        path = packaged.folder / known.file
        network, facts = load_fast_style(path)
        told = safetensors_metadata(path)
        settings = FastStyleSettings(
            stroke_side=int(told["stroke_side"]),
            style_weight=float(told["style_weight"]),
            content_weight=float(told["content_weight"]),
            total_variation=float(told["total_variation"]),
            ground=facts.keeps_ground,
            lattice=float(told.get("lattice", 0.0)),
        )
        file = find_sample(facts.painting_sha256)
        if file is None:
            raise SystemExit(f"the painting of {known.label} is not among the samples")
        pixels = np.asarray(cv2.imread(str(file)))
        factor = settings.stroke_side / min(pixels.shape[:2])
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        painting = to_tensor(np.ascontiguousarray(pixels[:, :, ::-1]).astype(np.uint8))
        found.append(Contender(known.name, known.label, network, facts, painting, settings))
    return found


def other_judges(weights: Path) -> dict[str, Backbone]:
    """Return the networks that nobody here painted through, as far as their files are at hand."""
    files = {
        VGG: (weights / "vgg19_to_relu3_1/vgg_normalised_conv3_1.pth", "vgg19_normalised"),
        SQUEEZENET: (weights / "squeezenet1_1.pth", "squeezenet1_1"),
    }
    return {name: load_backbone(path, kind) for name, (path, kind) in files.items() if path.exists()}


@torch.no_grad()
def paint_at_once(network: FastStyleNetwork, photo: Tensor) -> Tensor:
    """One pass, at full strength."""
    return network(photo, torch.ones(1))


def optimised(
    slim: Backbone, contender: Contender, photo: Picture, square: Tensor, options: argparse.Namespace
) -> Tensor:
    """Paint by L-BFGS from the photo with the fast style's own loss; kept in `--out`, as it takes its time."""
    told = contender.settings
    key = f"{told.stroke_side}-{told.style_weight:g}-{told.content_weight:g}-{told.total_variation:g}"
    file = options.out / f"{options.size}px-{options.evaluations}" / f"{contender.name}-{key}-{photo.name}.png"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        objective = StyleObjective(slim, "gram", square, [contender.painting])
        painting = StyleOptimisation(objective, square, loss_weights(told))
        for _ in range(options.evaluations):
            painting.forward()
            painting.backward()
        cv2.imwrite(str(file), to_picture(painting.painting)[:, :, ::-1])
    return to_tensor(np.asarray(cv2.imread(str(file)))[:, :, ::-1])


@torch.no_grad()
def judged(
    name: str,
    judge: Backbone,
    painting: Tensor,
    photos: Sequence[Tensor],
    fast: Sequence[Tensor],
    slow: Sequence[Tensor],
) -> Verdict:
    """Score both ways of painting with one network, as benchmarks/backbone.py does."""
    wanted = statistics_of(judge, painting)
    style: list[list[float]] = [[], []]
    content: list[list[float]] = [[], []]
    tap = judge.scales[CONTENT_SCALE]
    for index, photo in enumerate(photos):
        features, grams = judge(photo, judge.scales), statistics_of(judge, photo)
        for place, pictures in enumerate((fast, slow)):
            seen = judge(pictures[index], judge.scales)
            left = {scale: distance(gram_matrix(seen[scale]), wanted[scale]) for scale in seen}
            shares = [float(left[scale] / distance(grams[scale], wanted[scale])) for scale in seen]
            style[place].append(statistics.mean(shares))
            content[place].append(float(distance(seen[tap], features[tap])))
    means = [(statistics.mean(two[0]), statistics.mean(two[1])) for two in (style, content)]
    return Verdict(name, means[0], means[1])


@torch.no_grad()
def strips_against_one_pass(network: FastStyleNetwork, rounds: int = 5) -> tuple[float, float]:
    """Return the processor time of strips ÷ one pass over a megapixel, and the greatest difference × 255."""
    photo = torch.rand(1, 3, MEGAPIXEL, MEGAPIXEL, generator=torch.Generator().manual_seed(0))
    best = {"strips": float("inf"), "whole": float("inf")}
    for _ in range(rounds):
        began = process_time()
        in_strips = to_the_end(network, photo)
        best["strips"] = min(best["strips"], process_time() - began)
        began = process_time()
        whole = network(photo, torch.ones(1))
        best["whole"] = min(best["whole"], process_time() - began)
    return best["strips"] / best["whole"], 255 * float((in_strips - whole).abs().max())


def to_the_end(network: FastStyleNetwork, photo: Tensor) -> Tensor:
    """Paint in strips without a pause."""
    steps = paint_in_strips(network, photo, 1.0)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            painted: Tensor = end.value
            return laid_over(photo, painted, 1.0)


def heading(options: argparse.Namespace, photos: Sequence[Picture]) -> list[str]:
    """Say what was done."""
    names = ", ".join(photo.name for photo in photos)
    return [
        "# One pass against a hundred steps",
        "",
        f"`python benchmarks/fast_style.py --write` let each packaged fast style paint {len(photos)} photos that it",
        f"never learnt from ({names}; {options.size} px), and L-BFGS the same photos from the photo with",
        f"{options.evaluations} evaluations of the same loss. *Style* is the distance of the Gram matrices from the",
        "painting's, where the photo's is 1; *content* that of the features from the photo's. Lower is better.",
        f"Asked: the fast style within {ASKED} × of L-BFGS. atelier-slim is the network that both painted through,",
        "and L-BFGS fits each picture to that very judge; the others were looked through by neither.",
    ]


def table_of(contender: Contender, verdicts: Sequence[Verdict]) -> list[str]:
    """Return one fast style's table."""
    lines = [
        "",
        f"## {contender.label}",
        "",
        f"{contender.facts.steps:,} steps, {contender.settings.stroke_side} px of painting.",
        "",
        "| judge | style: fast | L-BFGS | ratio | content: fast | L-BFGS | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for verdict in verdicts:
        marks = [f"{ratio:.2f} {'✓' if ratio <= ASKED else '✗'}" for ratio in verdict.ratios]
        lines.append(
            f"| {verdict.judge} | {verdict.style[0]:.3f} | {verdict.style[1]:.3f} | {marks[0]} "
            f"| {verdict.content[0]:.3f} | {verdict.content[1]:.3f} | {marks[1]} |"
        )
    return lines


def verdict_on_strips(measured: tuple[float, float]) -> list[str]:
    """Say what strips cost."""
    ratio, difference = measured
    return [
        "",
        "## A megapixel in strips",
        "",
        f"{ratio:.2f} × the time of a plain pass (asked: ≤ {ASKED_OF_STRIPS}); the greatest difference from it is "
        f"{difference:.4f} of 255.",
    ]


def write_sheet(path: Path, rows: Sequence[Sequence[Tensor]], side: int = 224) -> None:
    """Lay all pictures out, a row for each, in at most 500 KB."""
    lines = [np.concatenate([to_picture(cover(tile, side, side)) for tile in row], axis=1) for row in rows]
    middle = (len(lines) + 1) // 2
    halves = [np.concatenate(lines[:middle]), np.concatenate(lines[middle:])]
    if halves[0].shape != halves[1].shape:
        halves[1] = np.pad(halves[1], ((0, halves[0].shape[0] - halves[1].shape[0]), (0, 0), (0, 0)))
    sheet = np.ascontiguousarray(np.concatenate(halves, axis=1)[:, :, ::-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(90, 30, -5):
        cv2.imwrite(str(path), sheet, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if path.stat().st_size <= 500_000:
            break


if __name__ == "__main__":
    main()
