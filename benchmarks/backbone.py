"""Which network sees a painting best? Each paints the same pictures, the others judge, and one looks for oneself.

    python benchmarks/backbone.py --weights DIR [--photos DIR --paintings DIR] [--evaluations 30] [--write]

Every network paints 4 photos in the manner of 4 paintings with the same settings and number of evaluations. A result is
scored by networks that did not make it, VGG-19 (to relu3_1) and SqueezeNet 1.1: *style* is the distance of its Gram
matrices from the painting's, where the photo's distance is 1; *content* the distance of its features from the photo's.
*Chroma noise* and *combs* are measured of the picture itself (`picture_measures`).
Finished pictures are kept in `--out` and not painted again. `--write` renews docs/backbones.md and its contact sheet.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
import torch
from picture_measures import chroma_noise, peaks
from torch import Tensor

from models.backbones import Backbone, load_backbone, untrained_backbone
from models.painting_init import cover
from models.pixels import to_picture, to_tensor
from models.statistics import gram_matrix
from models.style_optimisation import StyleOptimisation
from models.style_transfer import LossWeights, StyleObjective

ROOT = Path(__file__).parents[1]
SLIM, SQUEEZENET, VGG = "atelier-slim", "SqueezeNet 1.1", "VGG-19 to relu3_1"
RANDOM_VGG, RANDOM_SLIM = "VGG-19, random", "atelier-slim, random"
CONTENT_SCALE = 2  # the third scale is the coarsest that every one of them has
WEIGHTS = LossWeights(content_layers=tuple(float(scale == CONTENT_SCALE) for scale in range(5)))
SHEET, TABLE = "docs/images/backbones.jpg", "docs/backbones.md"


@dataclass(frozen=True)
class Picture:
    """A photo or a painting, 1×3×H×W."""

    name: str
    image: Tensor


@dataclass(frozen=True)
class Scores:
    """One network's results: means over all pairs.

    Style and content by scorer; seconds per evaluation while it painted; the chroma's noise ÷ the painting's; the worst
    spectral peak at 2, 4 or 8 px ÷ the photo's.
    """

    name: str
    style: dict[str, float]
    content: dict[str, float]
    seconds: float
    chroma: float
    combs: float


def main() -> None:
    """Paint, judge, print; with `--write` renew the documents."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=ROOT.parent / "shared/data/weights", help="the teachers' files")
    parser.add_argument("--slim", type=Path, default=ROOT / "assets/weights/atelier-slim.safetensors")
    parser.add_argument("--photos", type=Path, default=ROOT / "assets/samples/photos")
    parser.add_argument("--paintings", type=Path, default=ROOT / "assets/samples/paintings")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--evaluations", type=int, default=30)
    parser.add_argument("--out", type=Path, default=ROOT / "out/backbones")
    parser.add_argument("--only", nargs="+", help="paint with these networks only")
    parser.add_argument("--write", action="store_true", help=f"renew {TABLE} and {SHEET}")
    options = parser.parse_args()
    torch.set_num_threads(2)

    networks = {name: load for name, load in contestants(options).items() if not options.only or name in options.only}
    photos, paintings = read_four(options.photos, options.size), read_four(options.paintings, options.size)
    results: dict[str, list[Tensor]] = {}
    seconds: dict[str, float] = {}
    for name, load in networks.items():
        results[name], seconds[name] = paint_all(name, load, photos, paintings, options)
    scores = judge(results, seconds, photos, paintings, options.weights)
    times = closure_times(networks, options.size)
    report = table(scores, times, options)
    print(report)
    write_sheet(options.out / "sheet.jpg", results, photos, paintings)
    if options.write:
        write_sheet(ROOT / SHEET, results, photos, paintings)
        (ROOT / TABLE).write_text(report, encoding="utf-8")


def contestants(options: argparse.Namespace) -> dict[str, Callable[[], Backbone]]:
    """Return every network by its name in the table, loaded when it is its turn."""
    vgg = options.weights / "vgg19_to_relu3_1/vgg_normalised_conv3_1.pth"
    return {
        SLIM: lambda: load_backbone(options.slim, "slim"),
        SQUEEZENET: lambda: load_backbone(options.weights / "squeezenet1_1.pth", "squeezenet1_1"),
        VGG: lambda: load_backbone(vgg, "vgg19_normalised"),
        RANDOM_VGG: lambda: to_third_scale(untrained_backbone("vgg19", seed=0)),
        RANDOM_SLIM: lambda: untrained_backbone("slim", seed=0),
    }


def to_third_scale(backbone: Backbone) -> Backbone:
    """Listen to the same layers as the trained VGG-19 that is at hand."""
    backbone.scales = backbone.scales[:3]
    return backbone


def read_four(folder: Path, size: int) -> list[Picture]:
    """Read the first four pictures by name, their shorter side reduced to `size`."""
    pictures = []
    for path in sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".png"})[:4]:
        pixels = cv2.imread(str(path))
        if pixels is None:
            raise SystemExit(f"{path} is not a picture")
        factor = size / min(pixels.shape[:2])
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        pictures.append(Picture(path.stem, to_tensor(pixels[:, :, ::-1])))
    return pictures


def paint_all(
    name: str,
    load: Callable[[], Backbone],
    photos: Sequence[Picture],
    paintings: Sequence[Picture],
    options: argparse.Namespace,
) -> tuple[list[Tensor], float]:
    """Return the painted pictures, photo by photo, and the median seconds per evaluation."""
    folder = options.out / f"{options.size}px-{options.evaluations}" / name.replace(" ", "_")
    folder.mkdir(parents=True, exist_ok=True)
    backbone, results, seconds = load(), [], []
    for photo in photos:
        content = cover(photo.image, options.size, options.size)
        for painting in paintings:
            file, timing = folder / f"{photo.name}-{painting.name}.png", folder / f"{photo.name}-{painting.name}.txt"
            if not file.exists():
                picture, duration = paint(backbone, content, painting.image, options.evaluations)
                cv2.imwrite(str(file), to_picture(picture)[:, :, ::-1])
                timing.write_text(str(duration / options.evaluations))
            results.append(to_tensor(np.asarray(cv2.imread(str(file)))[:, :, ::-1]))
            seconds.append(float(timing.read_text()))
    return results, statistics.median(seconds)


def paint(backbone: Backbone, content: Tensor, style: Tensor, evaluations: int) -> tuple[Tensor, float]:
    """Paint from the photo at one size; return the picture and the seconds."""
    painting = StyleOptimisation(StyleObjective(backbone, "gram", content, [style]), content, WEIGHTS)
    began = perf_counter()
    for _ in range(evaluations):
        painting.forward()
        painting.backward()
    return painting.painting, perf_counter() - began


@torch.no_grad()
def judge(
    results: dict[str, list[Tensor]],
    seconds: dict[str, float],
    photos: Sequence[Picture],
    paintings: Sequence[Picture],
    weights: Path,
) -> list[Scores]:
    """Score all results with the two trained references."""
    scorers = {
        VGG: load_backbone(weights / "vgg19_to_relu3_1/vgg_normalised_conv3_1.pth", "vgg19_normalised"),
        SQUEEZENET: load_backbone(weights / "squeezenet1_1.pth", "squeezenet1_1"),
    }
    scores = {
        name: Scores(name, {}, {}, seconds[name], *cleanness(pictures, photos, paintings))
        for name, pictures in results.items()
    }
    for scorer, backbone in scorers.items():
        styles = [statistics_of(backbone, painting.image) for painting in paintings]
        originals = []
        for photo in photos:
            square = cover(photo.image, *next(iter(results.values()))[0].shape[2:])
            originals.append((backbone(square, backbone.scales), statistics_of(backbone, square)))
        for name, pictures in results.items():
            style, content = [], []
            for index, picture in enumerate(pictures):
                features, grams = originals[index // len(paintings)]
                wanted = styles[index % len(paintings)]
                seen = backbone(picture, backbone.scales)
                left = {tap: distance(gram_matrix(seen[tap]), wanted[tap]) for tap in seen}
                style.append(statistics.mean(float(left[tap] / distance(grams[tap], wanted[tap])) for tap in seen))
                tap = backbone.scales[CONTENT_SCALE]
                content.append(float(distance(seen[tap], features[tap])))
            scores[name].style[scorer] = statistics.mean(style)
            scores[name].content[scorer] = statistics.mean(content)
    return list(scores.values())


def cleanness(
    pictures: Sequence[Tensor], photos: Sequence[Picture], paintings: Sequence[Picture]
) -> tuple[float, float]:  # fmt: skip
    """Return the means of chroma noise ÷ the painting's, and of the worst comb ÷ the photo's."""
    noise, combs = [], []
    for index, picture in enumerate(map(to_picture, pictures)):
        photo, painting = photos[index // len(paintings)].image, paintings[index % len(paintings)].image
        noise.append(chroma_noise(picture) / chroma_noise(to_picture(painting)))
        here = to_picture(cover(photo, *picture.shape[:2]))
        combs.append(float((peaks(picture) / np.maximum(1.0, peaks(here))).max()))
    return statistics.mean(noise), statistics.mean(combs)


def distance(seen: Tensor, wanted: Tensor) -> Tensor:
    """‖seen - wanted‖² / ‖wanted‖²."""
    return (seen - wanted).square().sum() / wanted.square().sum()


def statistics_of(backbone: Backbone, image: Tensor) -> dict[str, Tensor]:
    """Return the Gram matrix at every scale."""
    return {tap: gram_matrix(features) for tap, features in backbone(image, backbone.scales).items()}


def closure_times(networks: dict[str, Callable[[], Backbone]], size: int, rounds: int = 9) -> dict[str, float]:
    """Return milliseconds of one forward and backward to the picture: the best of rounds in which all take turns.

    One thread's processor time: what else the machine does at the moment then matters little.
    """
    torch.set_num_threads(1)
    loaded = {name: load() for name, load in networks.items()}
    taps = {name: backbone.scales for name, backbone in loaded.items()}
    loaded["VGG-19 to relu4_1"], taps["VGG-19 to relu4_1"] = untrained_backbone("vgg19"), ("relu4_1",)
    picture, best = torch.rand(1, 3, size, size), dict.fromkeys(loaded, float("inf"))
    for _ in range(rounds):
        for name, backbone in loaded.items():
            image = picture.clone().requires_grad_()
            began = process_time()
            features = backbone(image, taps[name])
            torch.autograd.grad(torch.stack([x.mean() for x in features.values()]).sum(), image)
            best[name] = min(best[name], 1e3 * (process_time() - began))
    return best


def table(scores: Sequence[Scores], times: dict[str, float], options: argparse.Namespace) -> str:
    """Return the document: what was done, the table, the contact sheet."""
    reference = times["VGG-19 to relu4_1"]
    lines = [
        "# Which network sees a painting best?",
        "",
        "`python benchmarks/backbone.py --write` painted 4 photos in the manner of 4 paintings, with the same",
        f"settings: {options.size} px, {options.evaluations} evaluations. *Style* is the distance of the Gram",
        "matrices from the painting's, where the photo's is 1; *content* that of the features from the photo's.",
        "*Chroma noise* is what a Gaussian of 1.5 px takes from the colours, ÷ the painting's; *combs* the worst",
        "spectral peak at 2, 4 or 8 px, ÷ the photo's. Lower is better; what a network says of its own results is in",
        "brackets.",
        "",
        f"| painted by | style, says {VGG} | style, says {SQUEEZENET} | content, says {VGG} "
        f"| content, says {SQUEEZENET} | chroma noise | combs | forward + backward, one thread "
        "| of VGG-19 to relu4_1 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for score in scores:
        cells = [
            f"({value:.3f})" if score.name == scorer else f"{value:.3f}"
            for kind in (score.style, score.content)
            for scorer, value in kind.items()
        ]
        time = times[score.name]
        cells += [f"{score.chroma:.2f}", f"{score.combs:.2f}", f"{time:.0f} ms", f"1/{reference / time:.1f}"]
        lines.append(f"| {score.name} | {' | '.join(cells)} |")
    by_name = {score.name: score for score in scores}
    lines += ["", *verdicts(by_name, reference, times), "", f"![every result]({SHEET.removeprefix('docs/')})", ""]
    lines += ["From left to right: photo, painting, then " + ", ".join(score.name for score in scores) + ".", ""]
    return "\n".join(lines)


def verdicts(scores: dict[str, Scores], reference: float, times: dict[str, float]) -> list[str]:
    """Say how atelier-slim stands against what is asked of it."""
    if not {SLIM, SQUEEZENET, VGG} <= scores.keys():
        return []
    slim = scores[SLIM]
    by_vgg = slim.style[VGG] / scores[SQUEEZENET].style[VGG]
    by_squeezenet = slim.style[SQUEEZENET] / scores[VGG].style[SQUEEZENET]
    return [
        "How atelier-slim stands against what is asked of it:",
        "",
        f"- scored by VGG-19, its style distance is {by_vgg:.2f} × that of SqueezeNet's results (asked: ≤ 1.25);",
        f"- scored by SqueezeNet, it is {by_squeezenet:.2f} × that of VGG-19's results (asked: ≤ 1.25);",
        f"- one evaluation costs 1/{reference / times[SLIM]:.1f} of VGG-19 to relu4_1 (asked: ≤ 1/8).",
    ]


def write_sheet(
    path: Path,
    results: dict[str, list[Tensor]],
    photos: Sequence[Picture],
    paintings: Sequence[Picture],
    side: int = 168,
) -> None:
    """Lay all pictures out, a row for each pair, in at most 600 KB."""
    gap, rows = 4, []
    for index in range(len(photos) * len(paintings)):
        photo, painting = photos[index // len(paintings)], paintings[index % len(paintings)]
        tiles = [photo.image, painting.image, *(pictures[index] for pictures in results.values())]
        row = [
            np.pad(to_picture(cover(tile, side, side)), ((gap, 0), (gap, 0), (0, 0)), constant_values=32)
            for tile in tiles
        ]
        rows.append(np.concatenate(row, axis=1))
    sheet = np.ascontiguousarray(np.concatenate(rows)[:, :, ::-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(90, 30, -5):
        cv2.imwrite(str(path), sheet, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if path.stat().st_size <= 600_000:
            break


if __name__ == "__main__":
    main()
