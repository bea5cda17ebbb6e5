"""Small things to train: real tasks on random numbers, done in moments."""

import hashlib
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from studio.core.controls import Controls
from studio.core.events import Event, Job, Log, Picture, Progress
from studio.core.settings import setting
from studio.jobs.train import train
from studio.training.checkpoints import CheckpointClock
from studio.training.run_folder import RunFolder, RunPlan, TrainedRun, TrainRequest
from studio.training.run_log import RunHistory
from studio.training.schedule import DATA, Phase, Ramp, Schedule, StepConfig
from studio.training.settings import TrainingSettings
from studio.training.task import Batch, ExportedModel, Objective, TaskContext, TrainingTask
from studio.training.task_kind import DataSlot, TaskKind

SIDE = 8


class ToySettings(TrainingSettings):
    """What the toys can be set to."""

    noise_weight: float = setting(0.1, label="Noise", help="How much noise.", low=0, high=10, effect="steer")
    examples: int = setting(24, label="Examples", help="How many.", low=1, high=1000)
    pool: int = setting(6, label="Pool", help="How many earlier fakes are kept.", low=1, high=1000)


@dataclass(frozen=True)
class ToyExamples:
    """Points on a line with noise: x, and y = 2x + 1 of each."""

    count: int = 24

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"toy {self.count}".encode()).hexdigest()

    def __len__(self) -> int:
        return self.count

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        x = torch.full((4,), index / self.count) + 0.1 * torch.randn(4, generator=generator)
        return x, 2 * x + 1


class Regression(TrainingTask):
    """A small network with batch norm and dropout learns y = 2x + 1; its objective draws noise, too."""

    def __init__(self, settings: ToySettings, place: TaskContext) -> None:
        self.networks = {
            "network": nn.Sequential(
                nn.Linear(4, SIDE), nn.BatchNorm1d(SIDE), nn.Tanh(), nn.Dropout(0.1), nn.Linear(SIDE, 4)
            ).to(place.device)
        }  # fmt: skip
        self.shown = "network"
        self.examples = ToyExamples(settings.examples)
        self.best = ("error", "min")
        self.settings = settings

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        x, y = batch
        noise = self.settings.noise_weight * torch.randn_like(x)
        yield None
        error = F.mse_loss(self.networks["network"](x + noise), y)
        weight = self.networks["network"][0].weight.square().mean()
        yield Objective("network", error + 1e-3 * weight, {"error": error.detach(), "weight": weight.detach()})

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        x = torch.linspace(0, 1, 16).repeat(4, 1).T
        yield
        return {"error": F.mse_loss(shown(x), 2 * x + 1).item()}

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        yield
        y = shown(torch.linspace(0, 1, 16).repeat(4, 1).T)
        grey = (y.clamp(0, 1) * 255).to(torch.uint8).numpy()
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))

    def adopt(self, settings: ToySettings) -> None:
        self.settings = settings

    def export(self, shown: nn.Module) -> ExportedModel:
        return ExportedModel(shown.state_dict(), {"architecture": "toy"}, "# A toy\n")


class Duel(TrainingTask):
    """A generator and a critic; the critic learns twice a step, from a pool of earlier fakes as well."""

    def __init__(self, settings: ToySettings, place: TaskContext) -> None:
        self.networks = {
            "generator": nn.Sequential(nn.Linear(4, SIDE), nn.Tanh(), nn.Linear(SIDE, 4)).to(place.device),
            "critic": nn.Sequential(nn.Linear(4, SIDE), nn.LeakyReLU(0.2), nn.Linear(SIDE, 1)).to(place.device),
        }
        self.shown = "generator"
        self.examples = ToyExamples(settings.examples)
        self.pool: list[Tensor] = []

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        generator, critic = self.networks["generator"], self.networks["critic"]
        x, y = batch
        for _ in range(2):
            with torch.no_grad():
                fake = generator(torch.randn_like(x))
            yield None
            pooled = self.exchange(fake)
            loss = F.softplus(-critic(y)).mean() + F.softplus(critic(pooled)).mean()
            yield Objective("critic", loss, {"real": critic(y).mean().detach()})
        yield None
        yield Objective("generator", F.softplus(-critic(generator(torch.randn_like(x)))).mean())

    def exchange(self, fake: Tensor) -> Tensor:
        """Give back earlier fakes half of the time (Shrivastava et al. 2017)."""
        self.pool = [*self.pool, *fake.detach().clone()][-12:]
        chosen = torch.randint(len(self.pool), (len(fake),))
        return torch.stack([self.pool[index] for index in chosen.tolist()])

    def state_dict(self) -> dict[str, Any]:
        return {"pool": self.pool}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.pool = list(state["pool"])

    def export(self, shown: nn.Module) -> ExportedModel:
        return ExportedModel(shown.state_dict(), {}, "# A duel\n")


def open_regression(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Regression(ToySettings.model_validate(dict(plan.settings)), place)


def open_duel(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Log("Two networks")
    return Duel(ToySettings.model_validate(dict(plan.settings)), place)


def constant_schedule(steps: int, **phase: Any) -> Schedule:
    """One phase in which nothing changes."""
    return Schedule(phases=(Phase(duration=steps, unit="steps", learning_rate=Ramp.level(0.01), **phase),))


def toy_kind(opener: str | Callable[..., Job[TrainingTask]] = open_regression) -> TaskKind:
    name = opener if isinstance(opener, str) else f"{opener.__module__}:{opener.__name__}"
    return TaskKind(
        "toy", "Toy", "A toy.", ToySettings, name, (DataSlot(DATA, "Pictures", "pictures", "nothing"),),
        lambda _: constant_schedule(10),
    )  # fmt: skip


def toy_plan(steps: int = 10, schedule: Schedule | None = None, **settings: Any) -> RunPlan:
    """A run of `steps` steps of 4 examples of 16 px, that says little and saves only when asked."""
    quiet = {"batch": 4, "size": 16, "sample_every": 100_000, "validate_every": 100_000, "checkpoint_minutes": 240}
    return RunPlan(task="toy", data=(), settings={**quiet, **settings}, schedule=schedule or constant_schedule(steps))


def new_run(path: Path, plan: RunPlan | None = None) -> RunFolder:
    return RunFolder.create(path, plan or toy_plan())


class EverySteps(CheckpointClock):
    """Saves every so many questions, which the loop asks once a step."""

    def __init__(self, steps: int) -> None:
        super().__init__(0.0)
        self._every, self._asked = steps, 0

    def due(self) -> bool:
        self._asked += 1
        return self._asked % self._every == 0


def training(run: RunFolder, opener: Any = open_regression, *, accept: bool = False, **more: Any) -> Job[TrainedRun]:
    """The training job of a toy."""
    return train(TrainRequest(run.path, accept), Controls(ToySettings()), kind=toy_kind(opener), **more)


def advance_to(step: int, job: Job[TrainedRun]) -> None:
    """Run the job until so many steps are done."""
    for event in job:
        if isinstance(event, Progress) and event.total and event.done >= step:
            return


def train_to_end(run: RunFolder, opener: Any = open_regression, **more: Any) -> tuple[TrainedRun, list[Event]]:
    """Train without interruption; returns how it ended and everything that was said."""
    job, events = training(run, opener, **more), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, events


@contextmanager
def full_disk(room: int = 0) -> Iterator[None]:
    """Let no file of this process grow beyond `room` bytes, as if the disk were full."""
    resource = pytest.importorskip("resource")  # not on Windows
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def left_if_killed_now(run: RunFolder, name: str = "left") -> RunFolder:
    """Copy what is on the disk at this instant, which is all that a killed process leaves."""

    def copy(source: str, target: str) -> None:
        with suppress(FileNotFoundError):  # just removed by the thread that writes checkpoints
            shutil.copy2(source, target)

    path = run.path.with_name(name)
    shutil.copytree(run.path, path, copy_function=copy)
    return RunFolder(path)


def history_of(run: RunFolder) -> RunHistory:
    history = RunHistory(run.events_file)
    history.poll()
    return history


def numbers_of(run: RunFolder) -> dict[str, list[tuple[int, float]]]:
    """Every metric and validation at every step."""
    history = history_of(run)
    tables = {**history.metrics, **{f"validation {name}": one for name, one in history.validation.items()}}
    tables |= {"rate": history.rate}
    return {
        name: list(zip(series.steps.tolist(), series.values.tolist(), strict=True)) for name, series in tables.items()
    }


class Plain(Regression):
    """Without batch norm and dropout, whose results depend on the parts."""

    def __init__(self, settings: ToySettings, place: TaskContext) -> None:
        super().__init__(settings, place)
        self.networks = {"network": nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))}


def weights_in(run: RunFolder) -> dict[str, torch.Tensor]:
    return load_file(run.model_file)
