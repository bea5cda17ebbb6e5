"""How well does a classifier learn here, and how long does it take? Through the real training job, on one core.

    python benchmarks/classifier.py [--only digits|paintings] [--data DIR] [--threads 1] [--json]

*Digits*: the small ResNet on 10,000 MNIST pictures, of which a fifth is kept for checking, with the settings and the
schedule that one gets unasked; 98.5 % in 5 minutes are required. *Paintings*: Darknet tells horses and houses in photos
and paintings apart, four classes, from some 600 pictures. Minutes are the processor's, so that a busy machine does not
spoil them much. What is not there is skipped.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from rich.console import Console
from rich.table import Table

from studio.core.controls import Controls
from studio.core.events import Progress
from studio.jobs.train import train
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.run_log import RunHistory
from studio.training.schedule import Schedule
from studio.training.schedule_presets import one_cycle
from studio.training.tasks.classifier_settings import ClassifierSettings, default_schedule

SHARED_IMAGES = Path(__file__).parents[2] / "shared" / "data" / "images"
QUIET = {"sample_every": 100_000, "checkpoint_minutes": 240.0}


@dataclass(frozen=True)
class Lesson:
    """What is learnt, from which pictures, and what is required of it."""

    name: str
    folder: str
    settings: dict[str, Any]
    schedule: Schedule
    accuracy: float | None = None
    minutes: float | None = None


@dataclass(frozen=True)
class Result:
    """How it went: shares of the pictures kept for checking, and minutes of the processor and of the clock."""

    name: str
    accuracy: float
    balanced_accuracy: float
    processor_minutes: float
    minutes: float
    steps: int


def _decayed(schedule: Schedule, weight_decay: float) -> Schedule:
    return Schedule(phases=tuple(one.model_copy(update={"weight_decay": weight_decay}) for one in schedule.phases))


LESSONS = {
    "digits": Lesson(
        "digits, small ResNet", "mnist_t10k", {}, default_schedule(ClassifierSettings()), accuracy=0.985, minutes=5.0),
    "paintings": Lesson(
        "paintings, Darknet", "pacs",
        {"family": "darknet", "classes": "deepest", "size": 64, "batch": 32, "validate_every": 100},
        _decayed(one_cycle(duration=30.0, rate=5e-3, optimiser="adamw"), 0.01)),
}  # fmt: skip


def main() -> None:
    """Learn, print a table or JSON; fails where what is required is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=LESSONS, help="one of them")
    parser.add_argument("--data", type=Path, default=SHARED_IMAGES, help="the folder with mnist_t10k and pacs")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lessons = [lesson for name, lesson in LESSONS.items() if options.only in (None, name)]
    console = Console(stderr=True)
    with TemporaryDirectory() as folder:
        os.environ["ATELIER_HOME"] = folder
        results = list(learnt(lessons, options.data, Path(folder), console))
    if options.json:
        print(json.dumps([asdict(result) for result in results]))
    else:
        show(results)
    if any(missed(lesson, result) for lesson in lessons for result in results if result.name == lesson.name):
        sys.exit("What is required was not reached.")


def learnt(lessons: list[Lesson], data: Path, folder: Path, console: Console) -> Iterator[Result]:
    """Train each of them whose pictures are there."""
    for lesson in lessons:
        pictures = data / lesson.folder
        if not pictures.is_dir():
            console.print(f"{lesson.name}: skipped, {pictures} is not there")
            continue
        yield learn(lesson, pictures, folder / lesson.folder, console)


def learn(lesson: Lesson, pictures: Path, folder: Path, console: Console) -> Result:
    """Train one, from nothing."""
    settings = ClassifierSettings.model_validate(QUIET | lesson.settings)
    plan = RunPlan(
        task="classifier", data=(str(pictures),), settings=settings.model_dump(), schedule=lesson.schedule
    )  # fmt: skip
    run = RunFolder.create(folder, plan)
    began, began_cpu = perf_counter(), process_time()
    job = train(TrainRequest(folder), Controls(settings))
    with console.status(lesson.name) as status:
        while True:
            try:
                event = next(job)
            except StopIteration as end:
                trained = end.value
                break
            if isinstance(event, Progress) and event.total:
                status.update(f"{lesson.name}: {event.stage}, {event.done} of {event.total}")
    minutes, processor_minutes = (perf_counter() - began) / 60, (process_time() - began_cpu) / 60
    history = RunHistory(run.events_file)
    history.poll()
    last = {name: float(series.values[-1]) for name, series in history.validation.items()}
    return Result(
        lesson.name, last["accuracy"], last["balanced_accuracy"], processor_minutes, minutes, trained.step
    )  # fmt: skip


def missed(lesson: Lesson, result: Result) -> bool:
    """Tell whether it learnt too little or too slowly."""
    too_little = lesson.accuracy is not None and result.accuracy < lesson.accuracy
    return too_little or (lesson.minutes is not None and result.processor_minutes > lesson.minutes)


def show(results: list[Result]) -> None:
    """Print a table."""
    table = Table("lesson", "accuracy", "mean over classes", "CPU minutes", "minutes", "steps")
    for one in results:
        numbers = (f"{one.accuracy:.2%}", f"{one.balanced_accuracy:.2%}", f"{one.processor_minutes:.1f}")
        table.add_row(one.name, *numbers, f"{one.minutes:.1f}", f"{one.steps}")
    Console().print(table)


if __name__ == "__main__":
    main()
