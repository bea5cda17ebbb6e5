"""Trainings of several networks, as small as they can be: WGAN, CycleGAN and NoGAN on points of a plane.

Whatever is random about an example, its latent vector too, is drawn with it: so the same is learnt however a step is
divided.
"""

import hashlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from training_kit import ToySettings, toy_plan

from studio.core.events import Job, Picture, Progress
from studio.training.run_folder import RunPlan
from studio.training.schedule import Phase, Ramp, Schedule, StepConfig
from studio.training.task import (
    Batch,
    ExportedModel,
    NextBatch,
    Objective,
    Objectives,
    OptimiserRule,
    TaskContext,
    TrainingTask,
    Update,
)

CLAMP = 0.05


@dataclass(frozen=True)
class Points:
    """Two kinds of points in the plane, a and b, and a latent vector, 2 numbers each."""

    count: int = 24

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"points {self.count}".encode()).hexdigest()

    def __len__(self) -> int:
        return self.count

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        angle = torch.tensor(2 * torch.pi * index / self.count)
        a = torch.stack([angle.cos(), angle.sin()]) + 0.1 * torch.randn(2, generator=generator)
        b = torch.tensor([2.0, 1.0]) - a + 0.1 * torch.randn(2, generator=generator)
        return a, b, torch.randn(2, generator=generator)


def mapping(*, norm: bool = False) -> nn.Sequential:
    """A network from the plane to the plane."""
    norms = [nn.BatchNorm1d(6)] if norm else []
    return nn.Sequential(nn.Linear(2, 6), *norms, nn.Tanh(), nn.Linear(6, 2))


def critic() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(0.2), nn.Linear(6, 1))


class OnPoints(TrainingTask):
    """What the three have in common. Attributes: `heard` are the updates of each network, in order."""

    shown = "generator"

    def __init__(self, settings: ToySettings, context: TaskContext) -> None:
        torch.manual_seed(7)
        self.settings = settings
        self.device = context.device
        self.examples = Points(settings.examples)
        self.networks = {name: network.to(context.device) for name, network in self.made().items()}
        self.heard: list[tuple[str, Update]] = []

    def made(self) -> dict[str, nn.Module]:
        return {"generator": mapping(), "critic": critic()}

    def export(self, shown: nn.Module) -> ExportedModel:
        return ExportedModel(shown.state_dict(), {}, "# On points\n")


class Wgan(OnPoints):
    """Arjovsky et al. 2017, algorithm 1: the critic learns from batches of its own and is clamped after each."""

    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        generator, judge = self.networks["generator"], self.networks["critic"]
        for number in range(config.batches):
            if number:
                batch = yield NextBatch()
            real, _, latent = batch
            with torch.no_grad():
                fake = generator(latent)
            yield None
            self.heard.append(("critic", (yield Objective("critic", judge(fake).mean() - judge(real).mean()))))
            with torch.no_grad():
                for weight in judge.parameters():
                    weight.clamp_(-CLAMP, CLAMP)
        self.heard.append(("generator", (yield Objective("generator", -judge(generator(latent)).mean()))))

    def optimiser(self, network: str) -> OptimiserRule:
        return OptimiserRule(rate=5.0 if network == "critic" else 1.0, betas=(0.0, 0.9))


class Pool:
    """Earlier fakes: once it is full, half of the new ones are exchanged for old ones (Shrivastava et al. 2017)."""

    def __init__(self, size: int, device: torch.device) -> None:
        self.size = size
        self.fakes = torch.zeros(0, 2, device=device)

    def exchange(self, fakes: Tensor) -> Tensor:
        given = []
        for fake in fakes.detach():
            if len(self.fakes) < self.size:
                self.fakes = torch.cat([self.fakes, fake[None]])
                given.append(fake)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self.size, ()))
                given.append(self.fakes[place].clone())
                self.fakes = torch.cat([self.fakes[:place], fake[None], self.fakes[place + 1 :]])
            else:
                given.append(fake)
        return torch.stack(given)


class Cycle(OnPoints):
    """Zhu et al. 2017: two generators learn together, one summand of their loss at a time; two critics, two pools."""

    shown = "generators"
    norm: ClassVar[bool] = False

    def __init__(self, settings: ToySettings, context: TaskContext) -> None:
        super().__init__(settings, context)
        self.best = ("cycle", "min")
        self.pools = {side: Pool(settings.pool, context.device) for side in "ab"}

    def made(self) -> dict[str, nn.Module]:
        generators = nn.ModuleDict({"ab": mapping(norm=self.norm), "ba": mapping(norm=self.norm)})
        return {"generators": generators, "critic_a": critic(), "critic_b": critic()}

    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        ab, ba = self.networks["generators"]["ab"], self.networks["generators"]["ba"]
        real = {"a": batch[0], "b": batch[1]}
        fakes = {}
        for one, other, there, back in (("a", "b", ab, ba), ("b", "a", ba, ab)):
            fake = there(real[one])
            yield None
            adversarial = (self.networks[f"critic_{other}"](fake) - 1).square().mean()  # least squares, section 4
            cycle = (back(fake) - real[one]).abs().mean()  # equation 2
            fakes[other] = fake.detach()
            terms = {f"cycle_{one}": cycle.detach()}
            del fake
            self.heard.append(
                ("generators", (yield Objective("generators", adversarial + 10 * cycle, terms, step=one == "b")))
            )
        for side in "ab":
            judge, pooled = self.networks[f"critic_{side}"], self.pools[side].exchange(fakes[side])
            yield Objective(
                f"critic_{side}", ((judge(real[side]) - 1).square().mean() + judge(pooled).square().mean()) / 2
            )

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        points = torch.linspace(-1, 1, 16, device=self.device).reshape(8, 2)
        yield
        return {"cycle": F.l1_loss(shown["ba"](shown["ab"](points)), points).item()}

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        yield
        points = shown["ab"](torch.linspace(-1, 1, 16, device=self.device).reshape(8, 2))
        grey = (points.sigmoid() * 255).to(torch.uint8).cpu().numpy()
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))

    def refresh_statistics(self, shown: nn.Module, batch: Batch) -> Generator[None, None, None]:
        shown["ba"](shown["ab"](batch[0]))
        yield
        shown["ab"](shown["ba"](batch[1]))
        yield

    def state_dict(self) -> dict[str, Any]:
        return {side: pool.fakes for side, pool in self.pools.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for side, pool in self.pools.items():
            pool.fakes = state[side].to(self.device)


class NormedCycle(Cycle):
    """With batch norm, whose statistics an average of weights needs anew."""

    norm = True


class NoGan(OnPoints):
    """DeOldify's way: the generator alone, the critic alone, then either of them, as the critic's agreed loss says.

    (fastai's `AdaptiveGANSwitcher`: the generator learns for one step whenever the critic is good enough.)
    """

    good_enough = 0.67

    def __init__(self, settings: ToySettings, context: TaskContext) -> None:
        super().__init__(settings, context)
        self.turn = "critic"
        self.turns: list[str] = []
        self.passes: list[tuple[int, str]] = []

    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        a, b, _ = batch
        turn = self.turn if config.phase == 2 else "critic" if config.trains("critic") else "generator"
        self.passes.append((config.step, turn))
        if turn == "generator":
            fake = self.networks["generator"](a)
            yield None
            loss = F.l1_loss(fake, b)
            if config.trains("critic"):
                loss = loss + F.softplus(-self.networks["critic"](fake)).mean()
            yield Objective("generator", loss)
            self.turn = "critic"
        else:
            with torch.no_grad():
                fake = self.networks["generator"](a)
            yield None
            judge = self.networks["critic"]
            update = yield Objective("critic", (F.softplus(-judge(b)) + F.softplus(judge(fake))).mean() / 2)
            self.turn = "generator" if update.loss < self.good_enough else "critic"

    def state_dict(self) -> dict[str, Any]:
        return {"turn": self.turn}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.turn = state["turn"]


TASKS = {"wgan": Wgan, "cycle": Cycle, "normed cycle": NormedCycle, "nogan": NoGan}


def schedule_of(name: str, *, rate: float = 0.01, optimiser: str = "adam", steps: int = 12) -> Schedule:
    """How each of them learns: five critic batches a step; or first one, then the other, then both."""

    def phase(duration: int, **more: Any) -> Phase:
        return Phase(duration=duration, unit="steps", learning_rate=Ramp.level(rate), optimiser=optimiser, **more)

    if name == "wgan":
        return Schedule(phases=(phase(steps, batches=5),))
    if name == "nogan":
        alone = (phase(steps // 4, trains=(network,)) for network in ("generator", "critic"))
        return Schedule(phases=(*alone, phase(steps - 2 * (steps // 4), momentum=Ramp.level(0.0))))
    return Schedule(phases=(phase(steps),))


def plan_of(name: str, *, optimiser: str = "adam", rate: float = 0.01, steps: int = 12, **settings: Any) -> RunPlan:
    """A run of one of them; its title says which."""
    schedule = schedule_of(name, optimiser=optimiser, rate=rate, steps=steps)
    return toy_plan(schedule=schedule, **settings).model_copy(update={"title": name})


def open_points(plan: RunPlan, context: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return TASKS[plan.title](ToySettings.model_validate(dict(plan.settings)), context)
