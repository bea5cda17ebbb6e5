"""Small things to look for a learning rate for."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from studio.core.events import Job, Progress
from studio.training.run_folder import RunPlan
from studio.training.schedule import DATA, StepConfig
from studio.training.schedule_presets import constant
from studio.training.settings import TrainingSettings
from studio.training.task import Batch, ExportedModel, Objective, TaskContext, TrainingTask
from studio.training.task_kind import DataSlot, TaskKind

SETTINGS = TrainingSettings(batch=8, size=16)


@dataclass(frozen=True)
class Points:
    """Random points x and what a fixed linear map makes of them."""

    count: int = 40

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"points {self.count}".encode()).hexdigest()

    def __len__(self) -> int:
        return self.count

    def draw(self, index: int, chance: torch.Generator, size: int) -> tuple[Tensor, ...]:
        x = torch.randn(6, generator=chance)
        return x, x * torch.linspace(0.5, 3, 6)


class Fit(TrainingTask):
    """Learns a linear map with batch norm and dropout on the way; draws noise of its own."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.network = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Dropout(0.05), nn.Linear(16, 6))
        self.networks = {"network": self.network}
        self.shown = "network"
        self.examples = Points()

    def objectives(self, batch: Batch, moment: StepConfig) -> Iterator[Objective | None]:
        x, y = batch
        noisy = x + 0.05 * torch.randn_like(x)
        yield None
        yield Objective("network", F.mse_loss(self.network(noisy), y))

    def export(self, shown: nn.Module) -> ExportedModel:
        return ExportedModel(shown.state_dict(), {}, "")


class Pair(TrainingTask):
    """A generator and a critic with a pool of earlier fakes."""

    def __init__(self) -> None:
        torch.manual_seed(5)
        self.generator = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 6))
        self.critic = nn.Sequential(nn.Linear(6, 12), nn.LeakyReLU(0.2), nn.Linear(12, 1))
        self.networks = {"generator": self.generator, "critic": self.critic}
        self.shown = "generator"
        self.examples = Points()
        self.pool: list[Tensor] = [torch.zeros(6)]

    @property
    def rate_note(self) -> str:
        return "Each rests while the other is tried."

    def objectives(self, batch: Batch, moment: StepConfig) -> Iterator[Objective | None]:
        x, y = batch
        fake = self.generator(torch.randn_like(x)).detach()
        self.pool = [*self.pool, *fake][-10:]
        yield None
        yield Objective("critic", F.softplus(-self.critic(y)).mean() + F.softplus(self.critic(fake)).mean())
        yield Objective("generator", F.softplus(-self.critic(self.generator(torch.randn_like(x)))).mean())

    def state_dict(self) -> dict[str, Any]:
        return {"pool": self.pool}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.pool = list(state["pool"])

    def export(self, shown: nn.Module) -> ExportedModel:
        return ExportedModel(shown.state_dict(), {}, "")


def open_fit(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Fit()


def open_pair(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Pair()


def kind_of(opener: str) -> TaskKind:
    return TaskKind(
        "fit", "Fit", "A toy.", TrainingSettings, f"rate_kit:{opener}",
        (DataSlot(DATA, "Pictures", "pictures", "nothing"),), lambda _: constant(),
    )  # fmt: skip


def plan() -> RunPlan:
    return RunPlan(
        task="fit", data=(), settings={"batch": 8, "size": 16}, schedule=constant(duration=40, optimiser="sgd")
    )  # fmt: skip
