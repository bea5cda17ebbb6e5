"""What the device is worth: ratios of one run, since seconds are those of one computer."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from time import perf_counter

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gpu_checks.jobs import paint, small
from gpu_checks.twins import Alone, computing_on
from models.backbones import Backbone, load_backbone, untrained_backbone
from models.classifiers import build_classifier
from models.fast_style import FastStyleNetwork
from models.fast_style_strips import paint_in_strips
from models.style_optimisation import StyleOptimisation
from models.style_transfer import LossWeights, StyleObjective
from studio.core.controls import Controls
from studio.core.events import Event, Metrics, Preview, finish
from studio.core.inference_format import FORMATS, PLAIN, in_format, synchronize
from studio.core.known_networks import packaged_weights
from studio.core.style_settings import StyleSettings
from studio.jobs.classify import logits_in

Rows = Iterator[tuple[str, str, str]]
"""What was measured, how long it took, and as a ratio of what."""


def measure_all(device: str, *, rehearsal: bool) -> Rows:
    """Measure everything, row by row; for a rehearsal all is small, and only the lines count."""
    yield from closures(device, (64, 96) if rehearsal else (256, 512, 1024))
    yield from lesson(device, *((64, 3) if rehearsal else (288, 1000)))
    yield from batches(device, *((4, ("fp32", "bf16")) if rehearsal else (64, ("fp32", "bf16", "fp16"))))
    yield from looking(device, *((4, 64) if rehearsal else (64, 1024)))
    yield from slider_to_frame(device, 64 if rehearsal else 512)


def seconds_of(run: Callable[[], object], device: str, turns: int = 5) -> float:
    """Return the shortest of several turns, after one that does not count."""
    taken = []
    for _ in range(turns + 1):
        synchronize(device)
        began = perf_counter()
        run()
        synchronize(device)
        taken.append(perf_counter() - began)
    return min(taken[1:])


def evaluation(backbone: Backbone, side: int, device: str) -> Callable[[], object]:
    """Return what makes one evaluation of a painting, and chooses the next trial."""
    photo, painting = (torch.rand(1, 3, side, side, device=device) for _ in range(2))
    optimisation = StyleOptimisation(StyleObjective(backbone, "gram", photo, [painting]), photo, LossWeights())
    return lambda: (optimisation.forward(), optimisation.backward())


def closures(device: str, sides: tuple[int, ...]) -> Rows:
    """Compare an evaluation with one pass there and back through the network that it looks through."""
    slim = load_backbone(packaged_weights().folder / "atelier-slim.safetensors", "slim").to(device)

    def raw(image: Tensor) -> None:
        torch.autograd.grad(sum(each.square().mean() for each in slim(image, slim.scales).values()), image)

    for side in sides:
        closure = seconds_of(evaluation(slim, side, device), device, turns=20)
        plain = seconds_of(partial(raw, torch.rand(1, 3, side, side, device=device, requires_grad=True)), device, 20)
        yield f"evaluation, {side} px", f"{1000 * closure:.2f} ms", f"{closure / plain:.2f} × a raw pass"


def lesson(device: str, side: int, count: int) -> Rows:
    """Paint as the lesson does, in whose 5 s are 1,000 evaluations: VGG-16 with batch norm, with random weights."""
    evaluate = evaluation(untrained_backbone("vgg16_bn").to(device), side, device)
    seconds = seconds_of(lambda: [evaluate() for _ in range(count)], device, turns=1)
    ratio = f"{seconds / count / 0.005:.2f} × the lesson's 5 s"
    yield f"Gatys, VGG-16-bn, {side} px, {count:,} evaluations", f"{seconds:.1f} s", ratio


def batches(device: str, batch: int, precisions: tuple[str, ...]) -> Rows:
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

    seconds = {one: seconds_of(partial(step, Alone(device, one)), device) for one in precisions}
    for one, taken in seconds.items():
        ratio = f"{taken / seconds['fp32']:.2f} × fp32"
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
        copies = {one: in_format(deepcopy(network), one) for one in FORMATS}
        plain, fastest = use(PLAIN, network), seconds_of(partial(use, PLAIN, network), device)
        for one, copy in copies.items():
            taken, away = seconds_of(partial(use, one, copy), device), (use(one, copy) - plain).norm() / plain.norm()
            yield f"{what}, {one}", f"{count / taken:.1f} images/s", f"{fastest / taken:.2f} × float32, {away:.0e} away"


def slider_to_frame(device: str, side: int) -> Rows:
    """Move a slider in mid-painting, and wait for the frame that shows it."""
    times: list[float] = []
    moved_at, shown = 10, list[float]()

    def hand(event: Event, controls: Controls[StyleSettings]) -> None:
        if isinstance(event, Preview) and event.step > moved_at:
            shown.append(perf_counter())
        if isinstance(event, Metrics):
            times.append(perf_counter())
            if event.step == moved_at:
                controls.replace(controls.settings.model_copy(update={"style_weight": 3.0}))

    with computing_on(device):
        paint(Controls(small(backbone="atelier-slim", size=side, steps=40)), hand)
    seconds, one = shown[0] - times[moved_at - 1], (times[moved_at - 1] - times[moved_at - 6]) / 5
    yield f"slider to frame, {side} px", f"{1000 * seconds:.0f} ms", f"{seconds / one:.1f} × an evaluation"
