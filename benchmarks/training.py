"""What does the training loop cost, beside the training? Its steps against those of a textbook, and a checkpoint.

    python benchmarks/training.py [--rounds 12] [--steps 4] [--json]

A classifier and a fast style learn from the sample pictures, by the loop and by the bare step that every textbook has
(forget gradients, loss, backward, step): the same network, the same examples through the same loader, turn by turn in
one process, so that whatever else the machine does falls on both. Printed is the median of the turns' ratios, without
and with the moving average that runs have by default. A checkpoint's time is told beside a step's.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from rich.console import Console
from rich.table import Table

from studio.core.controls import Controls
from studio.core.events import Job, Progress, finish
from studio.jobs.train import train
from studio.training.data.loader import ExampleLoader
from studio.training.kinds import KINDS
from studio.training.processes import Processes
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder, RunPlan, TrainedRun, TrainRequest
from studio.training.run_log import RunHistory
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import TaskContext, TrainingTask
from studio.training.task_kind import TaskKind

SAMPLES = Path(__file__).parents[1] / "assets/samples"
ENDLESS = Schedule(phases=(Phase(duration=1_000_000, unit="steps", learning_rate=Ramp.level(1e-3)),))
QUIET = {"sample_every": 100_000, "validate_every": 100_000, "checkpoint_minutes": 240, "workers": 0}
CASES: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "classifier": (".", {}, {"size": 64, "batch": 16}),
    "fast-style": (
        "photos",
        {"painting": str(SAMPLES / "paintings/great-wave.jpg")},
        {"size": 96, "batch": 2, "held_back": 1},
    ),
}
"""Kind → where among the samples its data lies, its inputs, its settings."""


@dataclass(frozen=True)
class Cost:
    """One kind's numbers: loop ÷ bare step (median, and the middle half of the turns), and times in milliseconds."""

    kind: str
    average: str
    ratio: float
    low: float
    high: float
    step_ms: float
    checkpoint_ms: float
    checkpoint_mb: float


def main() -> None:
    """Measure every kind; print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12, help="turns of each")
    parser.add_argument("--steps", type=int, default=4, help="steps in a turn")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    costs = []
    for kind in KINDS:
        for average in ("none", "ema") if kind.name in CASES else ():
            with tempfile.TemporaryDirectory() as folder:
                costs.append(measure(kind, average, Path(folder), options.rounds, options.steps))
    report(costs, as_json=options.json)


def measure(kind: TaskKind, average: str, folder: Path, rounds: int, steps: int) -> Cost:
    """Let loop and bare steps take turns."""
    data, inputs, settings = CASES[kind.name]
    plan = RunPlan(
        task=kind.name, data=(str(SAMPLES / data),), inputs=inputs, settings={**QUIET, **settings, "average": average},
        schedule=ENDLESS,
    )  # fmt: skip
    run = RunFolder.create(folder / "run", plan)
    os.environ["ATELIER_HOME"] = str(folder)
    by_loop, bare = steps_of_the_loop(run, kind, steps), bare_steps(kind, plan, folder, steps)
    next(by_loop), next(bare)  # whatever happens once
    times = [(next(by_loop), next(bare), next(by_loop)) for _ in range(rounds)]
    ratios = sorted((before + after) / 2 / own for before, own, after in times)
    run.commands.post(RunCommand("checkpoint"))
    while not (saved := checkpoints_of(run)[1:]):
        next(by_loop)
    by_loop.close()
    return Cost(
        kind=kind.title,
        average=average,
        ratio=statistics.median(ratios),
        low=ratios[len(ratios) // 4],
        high=ratios[-1 - len(ratios) // 4],
        step_ms=1000 * statistics.median(own for _, own, _ in times),
        checkpoint_ms=1000 * saved[0]["seconds"],
        checkpoint_mb=(run.checkpoints / saved[0]["file"]).stat().st_size / 2**20,
    )


def steps_of_the_loop(run: RunFolder, kind: TaskKind, steps: int) -> Iterator[float]:
    """Take `steps` steps at a time by the loop; yields seconds per step."""
    settings = kind.settings(**run.read_plan().settings)
    job: Job[TrainedRun] = train(TrainRequest(run.path), Controls(settings), kind=kind, processes=Processes("cpu"))
    done = 0
    try:
        while True:
            begun, wanted = perf_counter(), done + steps
            while done < wanted:
                event = next(job)
                done = event.done if isinstance(event, Progress) and event.total else done
            yield (perf_counter() - begun) / steps
    finally:
        job.close()


def bare_steps(kind: TaskKind, plan: RunPlan, folder: Path, steps: int) -> Iterator[float]:
    """Take `steps` steps at a time as a textbook would; yields seconds per step."""
    task = opened(kind, plan, folder)
    settings = kind.settings(**plan.settings)
    timeline = plan.schedule.timeline(len(task.examples), batch=settings.batch, size=settings.size)
    optimisers = {name: torch.optim.Adam(network.parameters(), lr=1e-3) for name, network in task.networks.items()}
    for network in task.networks.values():
        network.train()
    step = 0
    with ExampleLoader(task.examples, seed=0) as loader:
        while True:
            begun = perf_counter()
            for _ in range(steps):
                config = timeline.at(step)
                batch = loader.batch(config.draws, config.batch, config.size)
                for objective in task.objectives(batch, config):
                    if objective is not None:
                        optimisers[objective.network].zero_grad()
                        objective.loss.backward()
                        optimisers[objective.network].step()
                        objective.loss.item()  # a textbook prints it
                step += 1
            yield (perf_counter() - begun) / steps


def opened(kind: TaskKind, plan: RunPlan, folder: Path) -> TrainingTask:
    """Open the task as the job does."""
    from importlib import import_module

    module, function = kind.opener.split(":")
    task: TrainingTask = finish(
        getattr(import_module(module), function)(plan, TaskContext(torch.device("cpu"), folder, 0))
    )
    return task


def checkpoints_of(run: RunFolder) -> list[dict[str, Any]]:
    """Return what the log says of every checkpoint so far."""
    history = RunHistory(run.events_file)
    history.poll()
    return [dict(happening.facts) for happening in history.of_kind("checkpoint")]


def report(costs: list[Cost], *, as_json: bool) -> None:
    """Print the numbers."""
    if as_json:
        print(json.dumps([asdict(cost) for cost in costs]))
        return
    table = Table("training", "average", "loop ÷ bare step", "middle half", "step", "checkpoint", "= steps", "size")
    for cost in costs:
        table.add_row(
            cost.kind, cost.average, f"{cost.ratio:.3f}", f"{cost.low:.3f}–{cost.high:.3f}", f"{cost.step_ms:.0f} ms",
            f"{cost.checkpoint_ms:.0f} ms", f"{cost.checkpoint_ms / cost.step_ms:.1f}", f"{cost.checkpoint_mb:.1f} MB",
        )  # fmt: skip
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
