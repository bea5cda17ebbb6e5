"""Train atelier-slim from its teachers: `python -m studio.training.distill --data DIR… --teachers DIR -o RUN`.

The loop is plain: draw crops, let the teachers look, let the pupil look, compare. A few pictures of every batch come
from an *easel*: they are being painted by the pupil itself, one step at a time, towards the style of other crops. What
a style optimisation finds, a network's blind spots above all, is thus shown to the teachers, who say what is there.

A run can be stopped at any time (Ctrl-C, SIGTERM, a crash) and goes on with `--resume RUN`, on the CPU bit for bit as
if it had not been. `--export RUN FILE` folds the heads and writes the weights that the studio ships.
"""

import argparse
import json
import math
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from models.distillation import Heads, fold_heads, lesson_errors, style_gap, tap_widths
from models.layerwise_fit import fit_layerwise
from models.slim import SLIM_WIDTHS, TAPS, SlimNetwork
from models.teachers import Teachers, load_teachers
from studio.training.picture_crops import CropSampler, PictureSet, read_pictures, uniform, validation_crops

__all__ = ["DistillSettings", "Distillation", "export", "main", "run"]

HELD_OUT = 25
"""Every so many-th picture of a set is kept for validation."""


@dataclass(frozen=True, slots=True)
class DistillSettings:
    """Everything that decides how a run goes; saved in its checkpoint."""

    widths: tuple[tuple[int, ...], ...] = tuple(tuple(scale) for scale in SLIM_WIDTHS)
    steps: int = 8000
    size: int = 112
    batch: int = 4
    easel: int = 1
    learning_rate: float = 7e-4
    warm_up: int = 50
    gram_weight: float = 0.2
    ema: float = 0.995
    fit_batches: int = 64
    validate_every: int = 100
    save_seconds: float = 300.0
    seed: int = 0


def learning_rate(step: int, settings: DistillSettings) -> float:
    """Rise linearly, fall as a cosine to a hundredth (Loshchilov & Hutter 2017, eq. 5)."""
    if step < settings.warm_up:
        return settings.learning_rate * (step + 1) / settings.warm_up
    progress = min(1.0, (step - settings.warm_up) / max(1, settings.steps - settings.warm_up))
    return settings.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


@dataclass(slots=True)
class ImagePool:
    """Pictures that the pupil is painting, each towards the style of a crop; `ages` count the strokes so far."""

    pictures: Tensor
    styles: Tensor
    ages: Tensor
    turn: int = 0
    life: int = 40

    def advance(
        self, count: int, network: SlimNetwork, heads: Heads, fresh: CropSampler, chance: torch.Generator
    ) -> Tensor:
        """Give the next `count` pictures one stroke each, put new ones where a life is over, and return them."""
        chosen = [(self.turn + offset) % len(self.pictures) for offset in range(count)]
        self.turn = (self.turn + count) % len(self.pictures)
        for index in chosen:
            if self.ages[index] >= self.life:
                self.pictures[index], self.styles[index] = fresh.batch(2)
                self.ages[index] = 0
                if uniform(chance) < 0.2:
                    self.pictures[index] = torch.rand(self.pictures[index].shape, generator=chance)
        with torch.no_grad():
            wanted = network(self.styles[chosen])
        painted = self.pictures[chosen].requires_grad_()
        (gradient,) = torch.autograd.grad(style_gap(heads, network(painted), wanted), painted)
        size = gradient.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        stroke = (0.03 * (1 - self.ages[chosen].float() / self.life) + 0.003).view(-1, 1, 1, 1)
        painted = (painted.detach() - stroke * (gradient / size).clamp(-4, 4)).clamp(0, 1)
        self.pictures[chosen] = painted
        self.ages[chosen] += 1
        return painted


class Distillation:
    """A run's whole state, and one step of it. A new run calls `begin`, a resumed one `load_state_dict`.

    Args:
        settings: how it goes.
        teachers: the networks learnt from.
        sets: pictures to learn on.
        validation: N×3×S×S held-out crops.

    """

    def __init__(
        self, settings: DistillSettings, teachers: Teachers, sets: Sequence[PictureSet], validation: Tensor
    ) -> None:
        self.settings = settings
        self.teachers = teachers
        self.validation = validation
        self.step = 0
        self.seconds = 0.0
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.crops = CropSampler(sets, settings.size, self.generator)
        self.network = SlimNetwork(settings.widths, readouts=False)
        self.network.initialise(self.generator)
        self.heads = Heads(teachers.lessons, tap_widths(settings.widths, TAPS))
        self.averaged: dict[str, Tensor] = {}
        self.easel = ImagePool(torch.empty(0), torch.empty(0), torch.empty(0))
        self.optimiser = torch.optim.Adam(self._parameters(), lr=settings.learning_rate, betas=(0.9, 0.99))

    @torch.no_grad()
    def begin(self) -> None:
        """Start well: every convolution and every head is a least-squares fit to the teachers."""
        draw = partial(self.crops.batch, 8)
        fit_layerwise(self.network, self.teachers, draw, self.generator, batches=self.settings.fit_batches)
        sample = self.crops.batch(48)
        self.heads.fit(self.network(sample), self.teachers(sample))
        self.averaged = {name: value.clone() for name, value in self._state().items()}
        count = 8 * max(1, self.settings.easel)
        ages = torch.randint(40, (count,), generator=self.generator)
        self.easel = ImagePool(self.crops.batch(count), self.crops.batch(count), ages)

    def training_step(self) -> dict[str, float]:
        """Draw, look, compare, learn; return the loss and its two parts."""
        began = time.monotonic()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.settings)
        pictures = self.crops.batch(self.settings.batch)
        if self.settings.easel:
            painted = self.easel.advance(self.settings.easel, self.network, self.heads, self.crops, self.generator)
            pictures = torch.cat([pictures, painted])
        features, grams = lesson_errors(self.heads, self.network(pictures), self.teachers(pictures))
        shares = {lesson.layer: lesson.weight for lesson in self.heads.lessons}
        feature_loss = torch.stack([shares[layer] * error for layer, error in features.items()]).sum()
        gram_loss = torch.stack([shares[layer] * error for layer, error in grams.items()]).sum()
        loss = feature_loss + self.settings.gram_weight * gram_loss
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._parameters(), 2.0)
        self.optimiser.step()
        self._average()
        self.step += 1
        self.seconds += time.monotonic() - began
        return {"loss": loss.item(), "features": feature_loss.item(), "grams": gram_loss.item()}

    @torch.no_grad()
    def validate(self) -> dict[str, dict[str, float]]:
        """Return the averaged weights' relative errors on the held-out crops, by teacher's layer."""
        network, heads = self.averaged_pupil()
        features, grams = lesson_errors(heads, network(self.validation), self.teachers(self.validation))
        return {
            "features": {layer: round(error.item(), 5) for layer, error in features.items()},
            "grams": {layer: round(error.item(), 5) for layer, error in grams.items()},
        }

    def averaged_pupil(self) -> tuple[SlimNetwork, Heads]:
        """Return network and heads with the exponentially averaged weights."""
        settings = self.settings
        network = SlimNetwork(settings.widths, readouts=False)
        heads = Heads(self.teachers.lessons, tap_widths(settings.widths, TAPS))
        network.load_state_dict(_part(self.averaged, "network."))
        heads.load_state_dict(_part(self.averaged, "heads."))
        return network.requires_grad_(False), heads.requires_grad_(False)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that decides how the run goes on: tensors and plain values only."""
        return {
            "settings": asdict(self.settings), "step": self.step, "seconds": self.seconds,
            "weights": self._state(), "averaged": self.averaged, "optimiser": self.optimiser.state_dict(),
            "random": self.generator.get_state(),
            "easel": [self.easel.pictures, self.easel.styles, self.easel.ages, self.easel.turn],
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was taken."""
        self.step, self.seconds = state["step"], state["seconds"]
        self.network.load_state_dict(_part(state["weights"], "network."))
        self.heads.load_state_dict(_part(state["weights"], "heads."))
        self.averaged = dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["random"])
        pictures, styles, ages, turn = state["easel"]
        self.easel = ImagePool(pictures, styles, ages, turn)

    def _average(self) -> None:
        """Averaging starts short, or the first random weights would be remembered for long."""
        decay = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        for name, value in self._state().items():
            self.averaged[name].lerp_(value, 1 - decay)

    def _state(self) -> dict[str, Tensor]:
        network = {f"network.{name}": value.detach() for name, value in self.network.state_dict().items()}
        return network | {f"heads.{name}": value.detach() for name, value in self.heads.state_dict().items()}

    def _parameters(self) -> list[torch.nn.Parameter]:
        return [*self.network.parameters(), *self.heads.parameters()]


@dataclass(slots=True)
class _StopRequest:
    """Set by the first SIGINT or SIGTERM: the step is finished and the checkpoint written before the run ends."""

    asked: bool = field(default=False)

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True


@contextmanager
def _stopping_politely() -> Iterator[_StopRequest]:
    request = _StopRequest()
    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(distillation: Distillation, folder: Path, until: int | None = None) -> None:
    """Train to the end of the schedule (or to step `until`), logging to and saving in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    settings, saved = distillation.settings, time.monotonic()
    last = settings.steps if until is None else min(until, settings.steps)
    running: dict[str, float] = {}
    with _stopping_politely() as stop, (folder / "events.jsonl").open("a", encoding="utf-8") as log:
        while distillation.step < last and not stop.asked:
            losses = distillation.training_step()
            running = {key: 0.95 * running.get(key, value) + 0.05 * value for key, value in losses.items()}
            step = distillation.step
            event: dict[str, Any] = {"step": step, "seconds": round(distillation.seconds, 1)}
            if step % 10 == 0:
                _write(log, event | {key: round(value, 4) for key, value in running.items()})
            if step % settings.validate_every == 0:
                _write(log, event | {"validation": distillation.validate()})
            if time.monotonic() - saved > settings.save_seconds:
                save(distillation, folder)
                saved = time.monotonic()
        save(distillation, folder)


def save(distillation: Distillation, folder: Path) -> None:
    """Write the checkpoint so that a crash at any instant leaves the old or the new one, whole."""
    temporary = folder / "checkpoint.pt.part"
    with temporary.open("wb") as file:
        torch.save(distillation.state_dict(), file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / "checkpoint.pt")


def export(folder: Path, file: Path, teachers: Teachers) -> dict[str, str]:
    """Fold a run's averaged weights and write them to `file` as half-precision safetensors; return the metadata."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    settings = _settings(state["settings"])
    heads = Heads(teachers.lessons, tap_widths(settings.widths, TAPS))
    network = SlimNetwork(settings.widths, readouts=False)
    network.load_state_dict(_part(state["averaged"], "network."))
    heads.load_state_dict(_part(state["averaged"], "heads."))
    folded = fold_heads(network, heads, settings.widths)
    metadata = {
        "architecture": "atelier-slim", "widths": json.dumps(settings.widths), "taps": json.dumps(TAPS),
        "steps": str(state["step"]), "training_seconds": f"{state['seconds']:.0f}", "licence": "Apache-2.0",
        "settings": json.dumps(state["settings"]),
    }  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.half().contiguous() for name, value in folded.state_dict().items()}, file, metadata)
    return metadata


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parser().parse_args(arguments)
    teachers = load_teachers(options.teachers)
    if options.export:
        source, target = options.export
        export(source, target, teachers)
        return 0
    if options.resume:
        state = torch.load(options.resume / "checkpoint.pt", weights_only=True)
        settings, folder = _settings(state["settings"]), options.resume
        settings = replace(settings, steps=options.steps or settings.steps)
    else:
        state, folder = None, options.output
        given = {key: getattr(options, key) for key in ("steps", "batch", "easel", "seed", "learning_rate")}
        settings = DistillSettings(**{key: value for key, value in given.items() if value is not None})
    sets, held_out = _read_sets(options.data)
    distillation = Distillation(settings, teachers, sets, validation_crops(held_out, settings.size))
    if state is None:
        distillation.begin()
    else:
        distillation.load_state_dict(state)
    run(distillation, folder, options.until)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m studio.training.distill", description=__doc__)
    parser.add_argument(
        "--data", type=Path, nargs="+", default=[], help="folders of pictures; FOLDER=SHARE sets how often"
    )
    parser.add_argument("--teachers", type=Path, required=True, help="folder with the teachers' weights")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/slim"), help="the new run's folder")
    parser.add_argument("--resume", type=Path, help="a run to go on with; --steps may be changed")
    parser.add_argument("--export", type=Path, nargs=2, metavar=("RUN", "FILE"), help="write a run's weights, and end")
    parser.add_argument("--until", type=int, help="stop at this step of the schedule")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--easel", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--learning-rate", type=float)
    return parser


def _read_sets(folders: Sequence[Path]) -> tuple[list[PictureSet], list[Any]]:
    """Split `FOLDER=SHARE` arguments into training sets and held-out pictures; a share is 1 where none is given."""
    sets, held_out = [], []
    for argument in folders:
        name, _, share = str(argument).partition("=")
        pictures = read_pictures(Path(name))
        # small, precious sets (a dozen paintings) are learnt whole
        kept = [picture for index, picture in enumerate(pictures) if index % HELD_OUT != HELD_OUT - 1]
        held_out += [picture for index, picture in enumerate(pictures) if index % HELD_OUT == HELD_OUT - 1][:10]
        sets.append(PictureSet(Path(name).name, tuple(kept), float(share or 1)))
    return sets, held_out


def _settings(saved: Mapping[str, Any]) -> DistillSettings:
    known = {one.name for one in fields(DistillSettings)}
    kept = {key: value for key, value in saved.items() if key in known}
    return DistillSettings(**{**kept, "widths": tuple(tuple(scale) for scale in saved["widths"])})


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _write(log: Any, event: Mapping[str, Any]) -> None:
    log.write(json.dumps(event) + "\n")
    log.flush()


if __name__ == "__main__":
    sys.exit(main())
