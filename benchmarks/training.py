"""What does the training loop cost beside a textbook one? The same network, examples and optimiser, in turns.

    python benchmarks/training.py [--size 128] [--batch 4] [--steps 12] [--threads 1] [--json]

*Bare* draws a batch, computes the loss, goes backward and lets Adam step. The loop does the same through the real job,
and beside it seeds all generators, looks ahead for data, measures and judges the gradients' norm, averages the weights,
writes the log, listens for orders and breathes. Numbers are ratios of the processor's time within one run, which a busy
machine does not spoil: loop ÷ bare, at most 1.05 is wanted. *Checkpoint* is what one costs, in steps.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.jobs.train import train
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.run_log import RunHistory
from studio.training.schedule import Moment, Phase, Ramp, Schedule
from studio.training.settings import TrainingSettings
from studio.training.task import Batch, ExportedModel, Objective, Place, TrainingTask
from studio.training.task_kind import TaskKind

TURNS = 8


@dataclass(frozen=True)
class Pictures:
    """Random pictures: what they show costs nothing."""

    fingerprint: str = "random"

    def __len__(self) -> int:
        return 1000

    def draw(self, index: int, chance: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return one."""
        return (torch.rand(3, size, size, generator=chance),)


def transformer_network(width: int = 32) -> nn.Module:
    """Return a network of the shape and size of a fast style's (Johnson et al. 2016): 1.7 M weights at full width."""

    def block(inside: int, outside: int, stride: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1), nn.InstanceNorm2d(outside, affine=True), nn.ReLU()
        )

    layers = [block(3, width, 1), block(width, 2 * width, 2), block(2 * width, 4 * width, 2)]
    layers += [block(4 * width, 4 * width, 1) for _ in range(10)]
    return nn.Sequential(*layers, nn.Conv2d(4 * width, 48, 3, 1, 1), nn.PixelShuffle(4))


class Copying(TrainingTask):
    """Learns to give back the picture."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.networks = {"network": transformer_network()}
        self.shown = "network"
        self.examples = Pictures()

    def objectives(self, batch: Batch, moment: Moment) -> Iterator[Objective | None]:
        """Compare."""
        result = self.networks["network"](batch[0])
        yield None
        yield Objective("network", F.mse_loss(result, batch[0]))

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return nothing."""
        return ExportedModel({}, {}, "")


def open_copying(plan: RunPlan, place: Place) -> Job[TrainingTask]:
    """Open the task."""
    yield Progress("Opening")
    return Copying()


KIND = TaskKind(
    "copying", "", "", TrainingSettings, f"{__name__}:open_copying", "pictures", "", lambda _: Schedule(phases=())
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """Ratios of the loop to the textbook one, and what a checkpoint costs."""

    loop_to_bare: float
    without_average: float
    bare_step_ms: float
    checkpoint_steps: float


class Bare:
    """The textbook loop."""

    def __init__(self, size: int, batch: int) -> None:
        self._task = Copying()
        self._network = self._task.networks["network"]
        self._optimiser = torch.optim.Adam(self._network.parameters(), lr=1e-3, fused=True)  # as the loop's
        self._chance = torch.Generator().manual_seed(0)
        self._size, self._batch = size, batch

    def step(self) -> None:
        """Take one."""
        drawn = [self._task.examples.draw(0, self._chance, self._size)[0] for _ in range(self._batch)]
        pictures = torch.stack(drawn)
        loss = F.mse_loss(self._network(pictures), pictures)
        loss.backward()
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        loss.item()


class Looped:
    """The studio's loop, one step at a time."""

    def __init__(self, path: Path, size: int, batch: int, average: str) -> None:
        quiet = {"sample_every": 100_000, "validate_every": 100_000, "checkpoint_minutes": 240.0, "workers": 0}
        schedule = Schedule(phases=(Phase(duration=100_000, unit="steps", learning_rate=Ramp.level(1e-3)),))
        settings = {"size": size, "batch": batch, "average": average, **quiet}
        self.run = RunFolder.create(path, RunPlan(task="copying", data=(), settings=settings, schedule=schedule))
        self._job = train(TrainRequest(path), Controls(TrainingSettings()), kind=KIND)
        self._done = 0
        self.step()

    def step(self) -> None:
        """Take one."""
        for event in self._job:
            if isinstance(event, Progress) and event.total and event.done > self._done:
                self._done = event.done
                return

    def close(self) -> None:
        """Pause."""
        self._job.close()


def measure(size: int, batch: int, steps: int) -> Result:
    """Let the three take turns."""
    with TemporaryDirectory() as folder:
        os.environ["ATELIER_HOME"] = folder
        bare = Bare(size, batch)
        loops = [Looped(Path(folder, name), size, batch, name) for name in ("ema", "none")]
        takers: list[Callable[[], None]] = [bare.step, *(loop.step for loop in loops)]
        for take in takers:
            take()
        times = [[_cost(take, steps) for take in takers] for _ in range(TURNS)]
        saving, _ = map(_seconds_of_checkpoint, loops)
    ratios = [statistics.median(turn[kind] / turn[0] for turn in times) for kind in (1, 2)]
    step = statistics.median(turn[0] for turn in times) / steps
    return Result(round(ratios[0], 4), round(ratios[1], 4), round(step * 1000, 2), round(saving / step, 2))


def _cost(take: Callable[[], None], steps: int) -> float:
    began = process_time()
    for _ in range(steps):
        take()
    return process_time() - began


def _seconds_of_checkpoint(loop: Looped) -> float:
    """Pause it, which saves, and read how long that took."""
    loop.close()
    history = RunHistory(loop.run.events_file)
    history.poll()
    return float(history.of_kind("checkpoint")[-1].facts["seconds"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=6, help="of each in one turn")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    result = measure(options.size, options.batch, options.steps)
    if options.json:
        print(json.dumps(asdict(result)))
        return
    table = Table(title=f"Training loop, {options.batch} × {options.size} px, {options.threads} thread(s)")
    for heading in ("loop ÷ bare", "… without averaging", "bare step, ms", "checkpoint, steps"):
        table.add_column(heading, justify="right")
    table.add_row(*(f"{value:g}" for value in asdict(result).values()))
    Console().print(table)


if __name__ == "__main__":
    main()
