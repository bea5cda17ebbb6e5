"""How fast, how small and how steady is live style transfer? Every number that its specification names, in one run.

    python benchmarks/style.py [--threads 2] [--moves 24] [--json]

Real SqueezeNet weights are used where they are found (the models folder, or ../shared/data); speed does not depend on
them, the pictures do. A machine that is busy elsewhere spoils the seconds; ratios and the loss rise stay meaningful.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import paint_quality
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from models.backbones import Backbone, untrained_backbone
from models.painting_init import resize, size_of
from models.pixels import to_tensor
from models.statistics import gram_matrix
from models.style_optimisation import StyleOptimisation
from models.style_transfer import LossWeights, StyleObjective
from studio.core.controls import Controls
from studio.core.events import Picture, Preview
from studio.core.images import LoadedPicture, load_picture
from studio.core.picture_task import CONTENT, PictureRequest
from studio.core.samples import sample_paintings, sample_photos
from studio.core.style_settings import StyleSettings
from studio.core.weights import resolve_backbone
from studio.jobs.style.inputs import StyleInputs, loss_weights
from studio.jobs.style.stylize import open_backbone, stylize

SIDE = 256
STEP_SIDE = 256
"""Size of the synthetic edge, px."""
PARTS = ("closure", "memory", "steering", "quality", "sliders")
VISIBLE = 3.0
"""RMS over the picture, of 255, from which on a frame has visibly changed."""
GIVE_UP = 3.0
SHARED_WEIGHTS = Path(__file__).parents[2] / "shared" / "data" / "weights" / "squeezenet1_1.pth"
MEGABYTE = 1e6


@dataclass(frozen=True)
class Number:
    """One measured number beside what is required of it."""

    what: str
    measured: float
    required: float | None
    unit: str
    note: str = ""


def main() -> None:
    """Measure everything; print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, help="threads that torch may use")
    parser.add_argument("--moves", type=int, default=24, help="how often a slider is moved")
    parser.add_argument("--repeats", type=int, default=9, help="how often the closures are timed")
    parser.add_argument("--only", nargs="*", choices=PARTS, help="measure only these")
    parser.add_argument("--quality-size", type=int, default=512, help="size of the paintings whose paint is judged")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    parser.add_argument("--memory-run", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.memory_run:
        print(json.dumps(run_for_memory()))
        return
    parts: dict[str, Callable[[], list[Number]]] = {
        "closure": lambda: [
            *closure_ratio("vgg19", arguments.repeats),
            *closure_ratio("squeezenet1_1", 3 * arguments.repeats),
        ],
        "memory": lambda: peak_memory(arguments.threads),
        "steering": lambda: steering(arguments.moves),
        "quality": lambda: paint_numbers(arguments.quality_size),
        "sliders": lambda: slider_numbers(arguments.quality_size),
    }
    numbers = [number for part in arguments.only or parts for number in parts[part]()]
    if arguments.json:
        print(json.dumps({"threads": arguments.threads, "numbers": [asdict(number) for number in numbers]}))
    else:
        show(numbers, arguments.threads)


# -- one closure against the bare network ------------------------------------------------------------------------------


def closure_ratio(architecture: str, repeats: int) -> list[Number]:
    """Time forward, losses and backward against the bare layers' forward and backward, turn and turn about."""
    layers, depth = published(architecture)
    backbone = untrained_backbone(architecture, pooling="average")
    generator = torch.Generator().manual_seed(0)
    photo, painting = (resize(torch.rand(1, 3, 24, 24, generator=generator), SIDE, SIDE) for _ in range(2))
    objective = StyleObjective(backbone, "gram", photo, [painting])
    weights = LossWeights(total_variation=0.2)
    optimisation = StyleOptimisation(objective, photo, weights)

    def closure() -> None:
        objective.begin(optimisation.painting, weights).backward()

    def step() -> None:
        optimisation.forward()
        optimisation.backward()

    targets = {tap: gram_matrix(x) for tap, x in backbone(painting, backbone.scales).items()}
    raw, evaluated, stepped, textbook = times(
        [
            lambda: bare_pass(layers, depth, photo),
            closure,
            step,
            lambda: textbook_closure(layers, backbone, targets, photo),
        ],
        repeats,
    )
    name = f"{architecture} to {backbone.scales[-1]}, {SIDE} px"
    return [
        Number(f"closure ÷ bare forward+backward ({name})", paired_ratio(evaluated, raw), 1.10, "×"),
        Number("    the same with the optimiser's step", paired_ratio(stepped, raw), None, "×"),
        Number(
            "    closure ÷ a textbook closure's (autograd through each Gram)",
            paired_ratio(evaluated, textbook),
            None,
            "×",
        ),
        Number("    bare forward+backward", 1e3 * median(raw), None, "ms"),
    ]


def published(architecture: str) -> tuple[nn.Sequential, int]:
    """The layers as published (max pooling, borders of zeros), and how many of them the deepest scale needs."""
    backbone = untrained_backbone(architecture, pooling="max")
    for layer in backbone.modules():
        if isinstance(layer, nn.Conv2d):
            layer.padding_mode = "zeros"
    return backbone.features, backbone.depth(backbone.scales[-1])


def bare_pass(layers: nn.Sequential, depth: int, photo: torch.Tensor) -> None:
    """The bare layers, there and back to the picture, with nothing of ours around them."""
    image = photo.clone().requires_grad_()
    x = image
    for layer in islice(layers, depth):
        x = layer(x)
    torch.autograd.grad(x.sum(), image)


def textbook_closure(
    layers: nn.Sequential, backbone: Backbone, targets: dict[str, torch.Tensor], photo: torch.Tensor
) -> None:
    """The style loss as tutorials write it, over the published layers: what is to be beaten."""
    image = photo.clone().requires_grad_()
    x, loss = image, image.new_zeros(())
    scales = {backbone.depth(tap): tap for tap in backbone.scales}
    for number, layer in enumerate(islice(layers, max(scales)), start=1):
        x = layer(x)
        if number in scales:
            loss = loss + nn.functional.mse_loss(gram_matrix(x), targets[scales[number]])
    loss = (
        loss + (image[..., 1:] - image[..., :-1]).abs().mean() + (image[..., 1:, :] - image[..., :-1, :]).abs().mean()
    )
    torch.autograd.grad(loss, image)


def times(functions: list[Callable[[], None]], repeats: int) -> list[list[float]]:
    """Call the functions by turns; return the seconds of each call, without the first round."""
    seconds: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats + 1):
        for function, spent in zip(functions, seconds, strict=True):
            began = time.perf_counter()
            function()
            spent.append(time.perf_counter() - began)
    return [spent[1:] for spent in seconds]


def paired_ratio(seconds: list[float], of: list[float]) -> float:
    """Median of the ratios of neighbouring calls: what slows the machine down slows both."""
    return median(a / b for a, b in zip(seconds, of, strict=True))


# -- memory ------------------------------------------------------------------------------------------------------------


def peak_memory(threads: int) -> list[Number]:
    """Paint 256 px with VGG-19 in a fresh process and read its largest resident size."""
    command = [sys.executable, __file__, "--memory-run", "--threads", str(threads)]
    peaks = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    note = "whole process: Python, torch and the libraries included"
    return [
        Number(f"peak memory of a {SIDE} px run (VGG-19)", peaks["peak"], 700.0, "MB", note),
        Number("    after the imports, before the run", peaks["imported"], None, "MB"),
    ]


def run_for_memory() -> dict[str, float]:
    """The run that is measured, in the child process."""
    imported = largest_resident()
    settings = StyleSettings(backbone="vgg19:untrained", size=SIDE, steps=24)
    for _ in stylize(sample_task(), Controls(settings)):
        pass
    return {"imported": imported, "peak": largest_resident()}


def largest_resident() -> float:
    """The process's largest resident size so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux' ru_maxrss begins with what the parent had when it started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / MEGABYTE
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE


# -- a hand on the sliders ---------------------------------------------------------------------------------------------


@dataclass
class Move:
    """A slider was moved: when, to what, what was on the screen, and what came until the next move."""

    at: float
    settings: StyleSettings
    shown: Picture
    painting: Picture
    starts_gesture: bool
    frames: list[tuple[float, Preview]] = field(default_factory=list)


class Hand(threading.Thread):
    """Moves sliders at moments of its own, as a person does; every second gesture is a drag of half a second."""

    def __init__(self, controls: Controls[StyleSettings], gestures: int) -> None:
        super().__init__(daemon=True)
        self.moves: list[Move] = []
        self.shown: Picture | None = None
        self.painting: Picture | None = None
        self._controls = controls
        self._gestures = gestures
        self._random = random.Random(0)

    def see(self, frame: Preview) -> None:
        """Look at a frame the job shows."""
        self.shown = frame.picture
        if not frame.draft:
            self.painting = frame.picture
        if self.moves:
            self.moves[-1].frames.append((time.monotonic(), frame))

    def run(self) -> None:
        """Wait, move, wait …, and stop the job at last."""
        for number in range(self._gestures):
            time.sleep(self._random.uniform(1.2, 2.0))
            before = self._controls.settings
            name, value = self._choose(before)
            parts = 30 if number % 2 == 1 and isinstance(value, float) else 1
            for part in range(1, parts + 1):
                there = value if part == parts else getattr(before, name) * (1 - part / parts) + value * part / parts
                self._move(before.model_copy(update={name: there}), starts_gesture=part == 1)
                time.sleep(1 / 60)
        time.sleep(2.0)
        self._controls.finish()

    def _choose(self, settings: StyleSettings) -> tuple[str, float | tuple[float, float]]:
        """A slider, and a value clearly different from the one it has."""
        draw = self._random
        name = draw.choice(("style_weight", "content_weight", "style_layer", "content_layer", "style_mix"))
        if name == "style_mix":
            return name, ((0.0, 1.0) if settings.style_mix[:1] == (1.0,) else (1.0, 0.0))
        if name.endswith("layer"):
            name = f"{name}_{draw.randint(1, 5)}"
            return name, draw.uniform(2.0, 4.0) if getattr(settings, name) < 1.5 else draw.uniform(0.0, 0.5)
        value = getattr(settings, name)
        return name, min(10.0, value * draw.uniform(3.0, 6.0)) if value <= 1.0 else value / draw.uniform(3.0, 6.0)

    def _move(self, settings: StyleSettings, *, starts_gesture: bool) -> None:
        assert self.shown is not None
        assert self.painting is not None
        self.moves.append(Move(time.monotonic(), settings, self.shown, self.painting, starts_gesture))
        self._controls.replace(settings)


def steering(gestures: int) -> list[Number]:
    """Drive the real job at the default size, and move sliders while it works at full size."""
    task = sample_task()
    settings = StyleSettings(backbone=backbone_name())
    *_, finished = (event for event in stylize(task, Controls(settings)) if isinstance(event, Preview))
    controls = Controls(settings.model_copy(update={"steps": 4000}))
    hand = Hand(controls, gestures)
    for event in stylize(replace(task, branch=finished.picture, history=finished.recipe), controls):
        if isinstance(event, Preview):
            hand.see(event)
            if not hand.moves and not hand.is_alive():
                hand.start()
    latencies = gesture_latencies(hand.moves)
    painted, drafted = loss_rises(task, settings, hand.moves)
    label = f"{settings.size} px, {resolve_backbone(settings.backbone).label}"
    return [
        Number(f"slider → first visibly changed frame, median of {len(latencies)} ({label})",
               1e3 * median(latencies), 100.0, "ms"),
        Number("    nine of ten within", 1e3 * float(np.quantile(latencies, 0.9)), None, "ms"),
        Number("worst loss rise of a painting shown after a move", 100 * max(painted), 20.0, "%",
               f"{len(painted)} frames"),
        Number("worst loss rise of a draft shown during a move", 100 * max(drafted, default=0.0), 20.0, "%",
               f"{len(drafted)} drafts, judged at the painting's size"),
    ]  # fmt: skip


def gesture_latencies(moves: list[Move]) -> list[float]:
    """Seconds from the first move of every gesture to a frame that visibly differs from the one before it."""
    latencies = []
    for index, move in enumerate(moves):
        if not move.starts_gesture:
            continue
        frames = []
        for later in moves[index:]:
            if later is not move and later.starts_gesture:
                break
            frames += later.frames
        changed = (at for at, frame in frames if rms(frame.picture, move.shown) >= VISIBLE)
        latencies.append(next(changed, move.at + GIVE_UP) - move.at)
    return latencies


def rms(one: Picture, other: Picture) -> float:
    """Root mean square difference, of 255."""
    return float(np.sqrt(np.mean((one.astype(np.float32) - other.astype(np.float32)) ** 2)))


def loss_rises(task: PictureRequest, settings: StyleSettings, moves: list[Move]) -> tuple[list[float], list[float]]:
    """By what share the loss rose, under the weights of the newest move, from the picture before it to each frame.

    Every painting is judged, and of the drafts between two moves the first and the last, all at the painting's size.
    """
    inputs = StyleInputs(
        task, settings, open_backbone(resolve_backbone(settings.backbone), settings), torch.device("cpu")
    )
    painted, drafted = [], []
    for move in moves:
        weights = loss_weights(move.settings)
        paintings = [frame.picture for _, frame in move.frames if not frame.draft]
        drafts = [frame.picture for _, frame in move.frames if frame.draft]
        for before, frames, rises in (
            (move.painting, paintings, painted),
            (move.shown, drafts[:1] + drafts[1:][-1:], drafted),
        ):
            if frames:
                base, *losses = (loss_of(inputs, picture, weights) for picture in (before, *frames))
                rises.extend(loss / base - 1.0 for loss in losses)
    return painted, drafted


def loss_of(inputs: StyleInputs, picture: Picture, weights: LossWeights) -> float:
    """The loss of a picture that was shown."""
    image = to_tensor(picture)
    return inputs.objective(*size_of(image)).look(image, weights).loss


# -- the paint ---------------------------------------------------------------------------------------------------------


def paint_numbers(size: int) -> list[Number]:
    """How clean the default painting is, as version 0.1 painted it and now."""
    numbers: list[Number] = []
    steps: list[Number] = []
    for label, changes in (("0.1", paint_quality.BEFORE), ("now", {})):
        settings = StyleSettings.model_validate({"size": size, **changes})
        required = label == "now" or None
        for pair, request in paint_quality.pairs():
            found = paint_quality.quality(request, settings)
            numbers += [
                Number(f"{pair}, {label}: chroma noise ÷ the painting's", found.chroma, required and 1.3, "×"),
                Number("    clipped beyond the painting's", found.clipped, required and 0.5, "%"),
                Number("    peaks at 2, 4, 8 px ÷ the photo's", found.combs, required and 1.5, "×"),
            ]
        for sample in sample_paintings():
            edge = paint_quality.contour(load(sample.path), settings.model_copy(update={"size": STEP_SIDE}))
            steps += [
                Number(f"overshoot beside a step, {sample.name}, {label}", 100 * edge.overshoot, None, "%"),
                Number("    up and down across it ÷ the step", edge.lines, None, "×"),
            ]
    return [*numbers, *steps]


def slider_numbers(size: int) -> list[Number]:
    """What each slider moves from end to end; of its own octave at least ×2, of the others at most ×1.3."""
    numbers = []
    for pair, request in paint_quality.pairs():
        for reach in paint_quality.reaches(request, StyleSettings(size=size)):
            numbers += [
                Number(f"{pair}: {reach.slider}, end to end: 1 ÷ change of its own octave", 1 / reach.own, 0.5, "×"),
                Number("    change of the octave moved most beside it", reach.others, 1.3, "×"),
            ]
    return numbers


# -- what is painted, and how it is told -------------------------------------------------------------------------------


def sample_task() -> PictureRequest:
    """The first packaged photo in the manner of the first two packaged paintings."""
    photo, *paintings = (load(sample.path) for sample in (*sample_photos()[:1], *sample_paintings()[:2]))
    return PictureRequest({CONTENT: (photo,), "style": tuple(paintings)})


def load(path: Path) -> LoadedPicture:
    """Read a packaged picture."""
    return load_picture(path)


def backbone_name() -> str:
    """SqueezeNet, with real weights where there are any."""
    if resolve_backbone("squeezenet1_1").trained or not SHARED_WEIGHTS.exists():
        return "squeezenet1_1"
    return str(SHARED_WEIGHTS)


def show(numbers: list[Number], threads: int) -> None:
    """Print a table: green where a requirement is met."""
    table = Table(title=f"Live style transfer, {threads} threads")
    for heading in ("", "measured", "required", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for number in numbers:
        measured = (
            f"{number.measured:.3g} {number.unit}" if number.unit == "×" else f"{number.measured:.0f} {number.unit}"
        )
        if number.required is None:
            table.add_row(number.what, measured, "", number.note)
            continue
        colour = "green" if number.measured <= number.required else "red"
        table.add_row(number.what, f"[{colour}]{measured}[/]", f"≤ {number.required:g} {number.unit}", number.note)
    Console().print(table)


if __name__ == "__main__":
    main()
