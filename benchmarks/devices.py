"""What is a device worth? Painting, learning and looking on it, as ratios of one run; also in every number format.

    python benchmarks/devices.py [--device cuda] [--only looking] [--threads 1]

Told are an evaluation of live painting against a bare pass there and back, Gatys' painting as in the lesson, a step
over a batch in each precision, how many pictures a classifier and a fast style see in each inference format and how far
these are from the plain one (relatively), and how long a moved slider takes to show. On the processor it is less.
`scripts/gpu_check.py` puts the same table into docs/gpu.md, with a card.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from gpu_checks.jobs import paint, small
from gpu_checks.twins import Alone, computing_on
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.backbones import Backbone, load_backbone, untrained_backbone
from models.classifiers import build_classifier
from models.fast_style import FastStyleNetwork
from models.fast_style_strips import paint_in_strips
from models.style_optimisation import StyleOptimisation
from models.style_transfer import LossWeights, StyleObjective
from studio.core.controls import Controls
from studio.core.events import Event, Metrics, Preview, finish
from studio.core.inference_format import FORMATS, in_format, synchronize
from studio.core.known_networks import packaged_weights
from studio.core.style_settings import StyleSettings
from studio.jobs.classify import logits_in
from studio.training.processes import Precision

Rows = Iterator[tuple[str, str, str]]
"""What was measured, how long it took, and as a ratio of what."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda", "mps"))
    parser.add_argument("--only", default="", choices=("", *PARTS), help="one of them")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for row in measure_all(options.device, only=options.only):
        print("  ".join((row[0].ljust(52), row[1].rjust(16), row[2])), flush=True)


def measure_all(device: str, *, only: str = "", rehearsal: bool = False) -> Rows:
    """Measure everything, row by row; for a rehearsal all is tiny, and only the lines count."""
    for name, (measure, full, short, tiny) in PARTS.items():
        if only in ("", name):
            yield from measure(device, *(tiny if rehearsal else short if device == "cpu" else full))


def seconds_of(device: str, *runs: Callable[[], object], turns: int = 5) -> list[float]:
    """Return the seconds of each: the shortest of several, taken by turns, after one that does not count."""
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(turns + 1):
        for run, times in zip(runs, taken, strict=True):
            synchronize(device)
            began = perf_counter()
            run()
            synchronize(device)
            times.append(perf_counter() - began)
    return [min(times[1:]) for times in taken]


def evaluation(backbone: Backbone, side: int, device: str) -> Callable[[], object]:
    """Return what makes one evaluation of a painting, and chooses the next trial."""
    photo, painting = (torch.rand(1, 3, side, side, device=device) for _ in range(2))
    optimisation = StyleOptimisation(StyleObjective(backbone, "gram", photo, [painting]), photo, LossWeights())
    return lambda: (optimisation.forward(), optimisation.backward())


def closures(device: str, *sides: int) -> Rows:
    """Compare an evaluation with one pass there and back through the network that it looks through."""
    slim = load_backbone(packaged_weights().folder / "atelier-slim.safetensors", "slim").to(device)

    def raw(image: Tensor) -> None:
        torch.autograd.grad(slim(image, slim.scales[-1:])[slim.scales[-1]].sum(), image)

    for side in sides:
        bare = partial(raw, torch.rand(1, 3, side, side, device=device, requires_grad=True))
        closure, plain = seconds_of(device, evaluation(slim, side, device), bare, turns=20)
        yield f"evaluation, {side} px", f"{1000 * closure:.2f} ms", f"{closure / plain:.2f} × a raw pass"


def lesson(device: str, side: int, count: int) -> Rows:
    """Paint as the lesson does, in whose 5 s are 1,000 evaluations: VGG-16 with batch norm, with random weights."""
    evaluate = evaluation(untrained_backbone("vgg16_bn").to(device), side, device)
    (seconds,) = seconds_of(device, lambda: [evaluate() for _ in range(count)], turns=1)
    ratio = f"{seconds / count / 0.005:.2f} × the lesson's 5 s"
    yield f"Gatys, VGG-16-bn, {side} px, {count:,} evaluations", f"{seconds:.1f} s", ratio


def batches(device: str, batch: int, *precisions: Precision) -> Rows:
    """Let a classifier learn a batch, in every number format."""
    pictures, labels = torch.rand(batch, 3, 64, 64, device=device), torch.arange(batch, device=device) % 10
    network = build_classifier("resnet", "half", channels=3, classes=10).to(device)
    optimiser = torch.optim.AdamW(network.parameters(), fused=device in ("cpu", "cuda"))

    def step(processes: Alone) -> None:
        with processes.autocast():
            loss = F.cross_entropy(network(pictures), labels)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    seconds = seconds_of(device, *(partial(step, Alone(device, one)) for one in precisions))
    for one, taken in zip(precisions, seconds, strict=True):
        ratio = f"{taken / seconds[0]:.2f} × fp32"
        yield f"a step over {batch} pictures of 64 px, {one}", f"{1000 * taken:.1f} ms", ratio


def looking(device: str, batch: int, side: int) -> Rows:
    """Let a classifier and a fast style work, in every format; also how far that is from the plain one, relatively."""
    chance = torch.Generator().manual_seed(0)
    pictures, photo = (
        torch.rand(size, generator=chance).to(device) for size in ((batch, 3, 64, 64), (1, 3, side, side))
    )
    classifier = build_classifier("resnet", "half", channels=3, classes=10, generator=chance).eval().to(device)
    classifier.head.weight.data.normal_(0.0, 0.1)
    painter = FastStyleNetwork().eval().requires_grad_(False).to(device)
    for what, count, network, use in (
        (f"classifier, {batch} × 64 px", batch, classifier, lambda one, copy: logits_in(one, copy, pictures)),
        (f"fast style, {side} px", 1, painter, lambda _, copy: finish(paint_in_strips(copy, photo, 1.0))),
    ):
        copies = [in_format(deepcopy(network), one) for one in FORMATS]
        uses = [partial(use, one, copy) for one, copy in zip(FORMATS, copies, strict=True)]
        seconds, plain = seconds_of(device, *uses), uses[0]()
        for one, again, taken in zip(FORMATS, uses, seconds, strict=True):
            away = (again() - plain).norm() / plain.norm()
            yield (
                f"{what}, {one}",
                f"{count / taken:.1f} images/s",
                f"{seconds[0] / taken:.2f} × float32, {away:.0e} away",
            )


def slider_to_frame(device: str, side: int) -> Rows:
    """Move a slider in mid-painting, and wait for the frame that shows it."""
    times: list[float] = []
    moved_at, shown = 53, list[float]()  # of 60 evaluations, so that it has come to the full size

    def hand(event: Event, controls: Controls[StyleSettings]) -> None:
        if isinstance(event, Preview) and event.step > moved_at:
            shown.append(perf_counter())
        if isinstance(event, Metrics):
            times.append(perf_counter())
            if event.step == moved_at:
                controls.replace(controls.settings.model_copy(update={"style_weight": 3.0}))

    with computing_on(device):
        paint(Controls(small(backbone="atelier-slim", size=side, steps=60)), hand)
    seconds, one = shown[0] - times[moved_at - 1], (times[moved_at - 1] - times[moved_at - 6]) / 5
    yield f"slider to frame, {side} px", f"{1000 * seconds:.0f} ms", f"{seconds / one:.1f} × an evaluation"


PARTS: dict[str, tuple[Callable[..., Rows], tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]] = {
    "closures": (closures, (256, 512, 1024), (256, 512), (64, 96)),
    "lesson": (lesson, (288, 1000), (288, 3), (64, 3)),
    "batches": (batches, (64, "fp32", "bf16", "fp16"), (16, "fp32", "bf16"), (4, "fp32", "bf16")),
    "looking": (looking, (64, 1024), (1, 512), (4, 64)),
    "slider": (slider_to_frame, (512,), (256,), (64,)),
}
"""What is measured, and how much of it: on a card, on the processor, and in a rehearsal."""

if __name__ == "__main__":
    main()
