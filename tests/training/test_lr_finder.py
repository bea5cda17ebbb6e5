import copy
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from gan_kit import Wgan, schedule_of
from rate_kit import SETTINGS, Fit, Pair
from torch import Tensor
from training_kit import ToySettings, new_run, toy_kind, toy_plan, train_to_end

from studio.core.controls import Controls
from studio.core.events import finish
from studio.jobs.find_rate import find_rate
from studio.training.data.loader import ExampleLoader
from studio.training.live_settings import Change, ChangeLog
from studio.training.lr_finder import find_rates
from studio.training.network_optimiser import NetworkOptimiser
from studio.training.processes import Processes
from studio.training.rate_curve import RateCurve, RateRequest, RateSweep
from studio.training.schedule import StepConfig
from studio.training.schedule_presets import constant
from studio.training.seeding import seed_everything
from studio.training.step import StepTaker
from studio.training.task import TaskContext, TrainingTask

SWEEP = RateSweep(low=1e-5, high=100.0, steps=60, smoothing=0.8)
SHORT = RateSweep(low=1e-4, high=1.0, steps=6)
TIMELINE = constant(duration=40, optimiser="sgd").timeline(40, batch=8, size=16)


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes(accelerator="cpu") as processes:
        yield processes


def find(
    task: TrainingTask, processes: Processes, sweep: RateSweep, config: StepConfig | None = None, **more: Any
) -> tuple[RateCurve, ...]:
    return finish(find_rates(task, config or TIMELINE.at(0), SETTINGS, processes, sweep, **more))


def everything_of(task: TrainingTask, optimisers: Mapping[str, NetworkOptimiser]) -> list[Any]:
    """Every number that decides how training goes on."""
    networks = [dict(network.state_dict()) for network in task.networks.values()]
    modes = [(module.training, *(p.requires_grad for p in module.parameters())) for module in task.networks.values()]
    gradients = [p.grad for network in task.networks.values() for p in network.parameters()]
    states = [optimiser.state_dict() for optimiser in optimisers.values()]
    generator = [torch.get_rng_state(), torch.from_numpy(np.random.get_state()[1].copy()), random.getstate()]  # noqa: NPY002
    return copy.deepcopy([networks, modes, gradients, states, generator, task.state_dict()])


def same(one: Any, other: Any) -> bool:
    """Compare to the last bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def train(task: TrainingTask, optimisers: Mapping[str, NetworkOptimiser], processes: Processes, steps: range) -> None:
    taker = StepTaker(task, optimisers, processes, SETTINGS.seed)
    with ExampleLoader(task.examples, SETTINGS.seed) as loader:
        for step in steps:
            config: StepConfig = TIMELINE.at(step)
            for _ in taker.take(loader, config, rate=0.05, micro_batches=1):
                pass


def optimisers_of(task: TrainingTask, processes: Processes) -> dict[str, NetworkOptimiser]:
    return {
        name: NetworkOptimiser(name, task.layer_groups(name), processes.average_gradients) for name in task.networks
    }


def test_the_sweep_finds_a_rate_that_learns(processes: Processes) -> None:
    (curve,) = find(Fit(), processes, SWEEP)
    assert curve.diverged
    assert curve.rates[-1] < SWEEP.high
    assert curve.valley is not None
    assert curve.steepest is not None
    losses = {}
    for rate in (curve.rates[0], curve.valley):
        task, total = Fit(), 0.0
        optimiser = torch.optim.SGD(task.network.parameters(), lr=float(rate), momentum=0.9)
        for step in range(60):
            x = torch.randn(8, 6, generator=torch.Generator().manual_seed(step))
            loss = (task.network(x) - x * torch.linspace(0.5, 3, 6)).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total = loss.item()
        losses[float(rate)] = total
    assert losses[curve.valley] < 0.7 * losses[float(curve.rates[0])]


def test_a_linear_sweep_tries_its_rates_in_their_order(processes: Processes) -> None:
    sweep = RateSweep(low=0.01, high=0.05, steps=5, spacing="linear")
    (curve,) = find(Fit(), processes, sweep)
    assert curve.rates == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.05])
    assert curve.spacing == "linear"


@pytest.mark.parametrize("make", [Fit, Pair])
def test_a_run_is_left_to_the_last_bit_as_it_was(make: type[TrainingTask], processes: Processes) -> None:
    task = make()
    optimisers = optimisers_of(task, processes)
    train(task, optimisers, processes, range(3))
    seed_everything(11, processes.device)
    torch.rand(5), np.random.rand(5), random.random()  # noqa: NPY002
    before = everything_of(task, optimisers)
    find(task, processes, SHORT, optimisers={name: one.state_dict() for name, one in optimisers.items()})
    assert same(everything_of(task, optimisers), before)


def test_a_run_goes_on_as_if_nobody_had_asked(processes: Processes) -> None:
    asked, left_alone = Pair(), Pair()
    ends = []
    for task in (asked, left_alone):
        optimisers = optimisers_of(task, processes)
        train(task, optimisers, processes, range(2))
        if task is asked:
            find(task, processes, SHORT)
        train(task, optimisers, processes, range(2, 5))
        ends.append(everything_of(task, optimisers)[:4])
    assert same(*ends)


def test_a_search_that_is_given_up_leaves_nothing_either(processes: Processes) -> None:
    task = Fit()
    seed_everything(4, processes.device)
    before = everything_of(task, {})
    work = find_rates(task, TIMELINE.at(0), SETTINGS, processes, SHORT)
    for _ in range(4):
        next(work)
    work.close()
    assert same(everything_of(task, {}), before)


class Watched(Pair):
    """Writes down what both networks weigh before each step."""

    seen: ClassVar[list[tuple[float, float]]] = []

    def objectives(self, batch: tuple[Tensor, ...], config: StepConfig) -> Iterator[Any]:
        self.seen.append((self.generator[0].weight.sum().item(), self.critic[0].weight.sum().item()))
        yield from super().objectives(batch, config)


def test_each_network_is_swept_on_its_own_while_the_others_rest(processes: Processes) -> None:
    Watched.seen.clear()
    generator, critic = find(Watched(), processes, SHORT)
    assert (generator.network, critic.network) == ("generator", "critic")
    weights = np.array(Watched.seen)
    first, second = weights[:6], weights[6:]
    assert len(set(first[:, 0])) == 6  # the generator learns at every step …
    assert len(set(first[:, 1])) == 1  # … while the critic stays
    assert len(set(second[:, 0])) == 1
    assert len(set(second[:, 1])) == 6
    assert tuple(first[0]) == tuple(second[0])  # and both sweeps begin at the same place


class Cramped(Fit):
    """Needs more memory than there is for more than two examples at once."""

    def objectives(self, batch: tuple[Tensor, ...], config: StepConfig) -> Iterator[Any]:
        if len(batch[0]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        yield from super().objectives(batch, config)


def test_a_batch_that_does_not_fit_is_divided(processes: Processes) -> None:
    (curve,) = find(Cramped(), processes, SHORT)
    assert len(curve.rates) == SHORT.steps


class Silent(Pair):
    """Its generator does not learn yet."""

    def objectives(self, batch: tuple[Tensor, ...], config: StepConfig) -> Iterator[Any]:
        for objective in super().objectives(batch, config):
            if objective is None or objective.network == "critic":
                yield objective


def test_a_network_that_does_not_learn_has_no_curve(processes: Processes) -> None:
    assert [curve.network for curve in find(Silent(), processes, SHORT)] == ["critic"]


def test_the_other_jobs_of_the_thread_do_not_change_what_is_found(processes: Processes) -> None:
    (quiet,) = find(Fit(), processes, SHORT)
    work = find_rates(Fit(), TIMELINE.at(0), SETTINGS, processes, SHORT)
    try:
        while True:
            next(work)
            torch.rand(3)
    except StopIteration as end:
        (disturbed,) = end.value
    assert disturbed.losses.tolist() == quiet.losses.tolist()


def test_a_search_ends_when_it_is_asked_to(processes: Processes) -> None:
    asked = iter([False] * 4 + [True] * 99)
    curves = find(Pair(), processes, SWEEP, stop=lambda: next(asked))
    assert [len(curve.rates) for curve in curves] == [4]


def test_a_network_that_rests_in_the_phase_has_no_curve(processes: Processes) -> None:
    alone = replace(TIMELINE.at(0), trained=("critic",))
    assert [curve.network for curve in find(Pair(), processes, SHORT, alone)] == ["critic"]


def test_a_step_of_several_batches_learns_from_all_of_them(processes: Processes) -> None:
    task = Wgan(ToySettings(), TaskContext(processes.device, Path()))
    timeline = schedule_of("wgan").timeline(24, batch=8, size=16)
    generator, critic = find(task, processes, SHORT, timeline.at(0))
    assert (generator.network, critic.network) == ("generator", "critic")
    assert len(generator.rates) == len(critic.rates) == SHORT.steps
    assert task.heard == []  # it was a copy that learnt


def test_rates_are_tried_under_the_settings_that_a_run_was_steered_to(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(6, noise_weight=0.0))
    ChangeLog(run.path / "course.json").add(Change(3, settings={"noise_weight": 8.0}))
    train_to_end(run)

    def losses(noise: float) -> list[float]:
        request = RateRequest(toy_plan(6, noise_weight=noise), run.path, RateSweep(steps=5))
        (curve,) = finish(find_rate(request, Controls(ToySettings()), kind=toy_kind())).curves
        return curve.losses.tolist()

    assert losses(0.0) == losses(8.0)
