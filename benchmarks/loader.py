"""Does training ever wait for its pictures? Random 256 px crops from the cache, against a step of a ResNet-18.

    python benchmarks/loader.py [--pictures DIR] [--size 256] [--batch 8] [--steps 12] [--workers 0] [--json]

All numbers are ratios within one run. *Loop ÷ step* is a step with batches from the loader over the same step on one
fixed batch, in turns; *waited* the share of that time in which there was no batch yet; *own time* what the loader
computes for a batch, over a step. *Decoding* is an epoch of crops from freshly decoded files, over one from the cache.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from models.vision_operators import declare_vision_operators
from studio.core.events import finish
from studio.core.images import load_picture
from studio.training.data.augment import augmented
from studio.training.data.cache import PictureCache, caching_pictures
from studio.training.data.listing import find_pictures
from studio.training.data.loader import ExampleLoader
from studio.training.data.variation import Variation

PICTURES = Path(__file__).parents[2] / "shared" / "data" / "images" / "bsds200"
VARIATION = Variation(brightness=0.2, contrast=0.2, saturation=0.2)
CROPS_ONLY = Variation()


class Crops:
    """Random crops of cached pictures."""

    def __init__(self, pictures: PictureCache) -> None:
        self.pictures = pictures
        self.fingerprint = pictures.fingerprint

    def __len__(self) -> int:
        return len(self.pictures)

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return one crop, 3×size×size."""
        return (augmented(self.pictures[index], size, VARIATION, generator),)


@dataclass(frozen=True)
class Result:
    """What was measured; all but the first two are ratios."""

    step_ms: float
    example_ms: float
    loop_by_step: float
    waited: float
    own_time_by_step: float
    decoding_by_cache: float


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="a folder of photos; noise where it is missing")
    parser.add_argument("--size", type=int, default=256, help="side of the crops")
    parser.add_argument("--batch", type=int, default=8, help="crops a step")
    parser.add_argument("--steps", type=int, default=12, help="steps of each kind")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw; 0 for a thread")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = find_pictures([arguments.pictures]) if arguments.pictures.is_dir() else make_pictures(Path(folder))
        cache = finish(caching_pictures(files, Path(folder) / "cache", side=arguments.size * 5 // 4))
        result = measure(cache, arguments)
        del cache
    if arguments.json:
        print(json.dumps(asdict(result)))
    else:
        report(result, arguments)


def measure(cache: PictureCache, arguments: argparse.Namespace) -> Result:
    """Take all numbers, each pair of them in turns."""
    size, batch, examples = arguments.size, arguments.batch, Crops(cache)
    step = step_of(a_resnet18())
    fixed = torch.rand(batch, 3, size, size)
    step(fixed)
    bare, looped = [], []
    with ExampleLoader(examples, 0, workers=arguments.workers) as loader:
        step(*loader.batch(0, batch, size))
        waited_before = loader.seconds_waited
        for number in range(1, arguments.steps + 1):
            bare.append(seconds(lambda: step(fixed)))
            looped.append(seconds(lambda number=number: step(*loader.batch(number * batch, batch, size))))
        waited = loader.seconds_waited - waited_before
    generator, few = torch.Generator().manual_seed(0), range(min(60, len(cache)))
    example_s = seconds(lambda: [examples.draw(number, generator, size) for number in few]) / len(few)
    step_s = statistics.median(bare)
    return Result(
        step_ms=1000 * step_s, example_ms=1000 * example_s,
        loop_by_step=statistics.median(loop / step for loop, step in zip(looped, bare, strict=True)),
        waited=waited / sum(looped), own_time_by_step=example_s * batch / step_s,
        decoding_by_cache=decoding_by_cache(cache, size),
    )  # fmt: skip


def a_resnet18() -> nn.Module:
    """Return an untrained ResNet-18 for two classes."""
    declare_vision_operators()
    from torchvision.models import resnet18

    network: nn.Module = resnet18(num_classes=2)
    return network.train()


def step_of(network: nn.Module) -> Callable[[Tensor], None]:
    """Return a training step: forward, loss, backward, SGD."""
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-4)

    def step(images: Tensor) -> None:
        optimiser.zero_grad()
        labels = torch.zeros(len(images), dtype=torch.long)
        nn.functional.cross_entropy(network(images), labels).backward()
        optimiser.step()

    return step


def decoding_by_cache(cache: PictureCache, size: int) -> float:
    """Return the time of an epoch of plain crops from freshly decoded files, over one from the cache; in turns."""
    ratios = []
    for number, path in enumerate(cache.files[:60]):
        generator = torch.Generator().manual_seed(number)
        cached = seconds(lambda: augmented(cache[number], size, CROPS_ONLY, generator))  # noqa: B023 - called at once
        decoded = seconds(lambda: augmented(load_picture(path).pixels[..., :3], size, CROPS_ONLY, generator))  # noqa: B023
        ratios.append(decoded / cached)
    return statistics.median(ratios)


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


def make_pictures(folder: Path) -> list[Path]:
    """Write 60 photos' worth of soft noise as JPEGs, 481×321."""
    random = np.random.default_rng(0)
    for number in range(60):
        coarse = random.uniform(0, 255, (40, 60, 3)).astype(np.float32)
        pixels = cv2.resize(coarse, (481, 321), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{number:02d}.jpg"), pixels.clip(0, 255).astype(np.uint8))
    return find_pictures([folder])


def report(result: Result, arguments: argparse.Namespace) -> None:
    """Print what was measured."""
    title = f"{arguments.batch} × {arguments.size} px, {arguments.workers or 'no'} workers"
    table = Table("what", "measured", "wanted", title=title)
    table.add_row("ResNet-18 step", f"{result.step_ms:.0f} ms", "")
    table.add_row("an example from the cache", f"{result.example_ms:.2f} ms", "")
    table.add_row("loop ÷ step", f"{result.loop_by_step:.3f}", "≤ 1.05")
    table.add_row("waited", f"{result.waited:.1%}", "≤ 5 %")
    table.add_row("loader's own time ÷ step", f"{result.own_time_by_step:.1%}", "≤ 5 %")
    table.add_row("decoding each epoch ÷ cache", f"{result.decoding_by_cache:.1f} ×", "")
    Console().print(table)


if __name__ == "__main__":
    main()
