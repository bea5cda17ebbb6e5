"""Trainings of several networks: who learns when, from which batches, by which rule, and what a task hears of it."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest
import torch
from gan_kit import CLAMP, TASKS, Cycle, NoGan, Points, Wgan, open_points, plan_of
from torch import Tensor, nn
from training_kit import (
    ToySettings,
    advance_to,
    constant_schedule,
    history_of,
    new_run,
    numbers_of,
    toy_plan,
    train_to_end,
    training,
    weights_in,
)

from studio.core.failures import StudioError
from studio.training.checkpoints import Checkpoints
from studio.training.data.sampler import Sampler, seed_of
from studio.training.run_folder import RunFolder
from studio.training.schedule import StepConfig
from studio.training.task import Batch, NextBatch, Objective, Objectives, TaskContext, TrainingTask


@pytest.fixture
def opened(monkeypatch) -> Iterator[list[TrainingTask]]:
    """The tasks that were opened, in order."""
    tasks: list[TrainingTask] = []

    def made(of: type[TrainingTask]) -> Any:
        def make(settings: ToySettings, context: TaskContext) -> TrainingTask:
            tasks.append(of(settings, context))
            return tasks[-1]

        return make

    for name, of in TASKS.items():
        monkeypatch.setitem(TASKS, name, made(of))
    return tasks


def saved_in(run: RunFolder) -> dict[str, Any]:
    return Checkpoints(run.checkpoints).newest_good()[1]["trainee"]


def networks_in(run: RunFolder) -> dict[str, Tensor]:
    """Every weight of every network, as it learnt last."""
    networks: Mapping[str, Mapping[str, Tensor]] = saved_in(run)["networks"]
    return {f"{name}.{key}": tensor for name, state in networks.items() for key, tensor in state.items()}


def drawn(first: int, count: int, examples: Points, seed: int = 0) -> tuple[Tensor, ...]:
    """Draws `first`, `first` + 1 … as everybody must find them."""
    order = Sampler(len(examples), seed)
    chance = [torch.Generator().manual_seed(seed_of("draw", seed, draw)) for draw in range(first, first + count)]
    each = [examples.draw(order.example(first + place), one, 16) for place, one in enumerate(chance)]
    return tuple(torch.stack(tensors) for tensors in zip(*each, strict=True))


# -- several batches a step, a rule for each network ------------------------------------------------------------------


class LinearWgan(Wgan):
    """Its gradients can be told by hand: D(x) = w·x + c, and G(z) = az + e."""

    def made(self) -> dict[str, nn.Module]:
        return {"generator": nn.Linear(2, 2), "critic": nn.Linear(2, 1)}


class Adam:
    """Kingma & Ba 2015, algorithm 1, with β₁ = 0: w ← w − rate · g / (√v̂ + ε), v̂ = v / (1 − β₂ᵗ)."""

    def __init__(self, rate: float, beta2: float) -> None:
        self.rate, self.beta2, self.time = rate, beta2, 0
        self.squares: list[Tensor] = []

    def step(self, weights: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
        self.time += 1
        self.squares = self.squares or [torch.zeros_like(weight) for weight in weights]
        found = []
        for number, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
            self.squares[number] = self.beta2 * self.squares[number] + (1 - self.beta2) * gradient**2
            square = self.squares[number] / (1 - self.beta2**self.time)
            found.append(weight - self.rate * gradient / (square.sqrt() + 1e-8))
        return found


def test_wgan_does_to_every_weight_what_its_algorithm_says(tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "wgan", LinearWgan)
    run = new_run(tmp_path / "run", plan_of("wgan", steps=3, rate=0.002))
    train_to_end(run, open_points)

    torch.manual_seed(7)
    generator, critic = nn.Linear(2, 2), nn.Linear(2, 1)
    a, e = generator.weight.detach().double(), generator.bias.detach().double()
    w, c = critic.weight.detach().double(), critic.bias.detach().double()
    critics, generators = Adam(rate=5 * 0.002, beta2=0.9), Adam(rate=0.002, beta2=0.9)
    for step in range(3):
        for number in range(5):
            real, _, latent = (tensor.double() for tensor in drawn(20 * step + 4 * number, 4, Points()))
            fake = latent @ a.T + e
            difference = fake.mean(0) - real.mean(0)  # of mean D(fake) − mean D(real), by w; by c it is 0
            w, c = critics.step([w, c], [difference[None], torch.zeros(1).double()])
            w, c = w.clamp(-CLAMP, CLAMP), c.clamp(-CLAMP, CLAMP)
        a, e = generators.step([a, e], [-w.T @ latent.mean(0)[None], -w[0]])  # of −mean D(G(z))
    found = networks_in(run)
    for name, expected in {"critic.weight": w, "critic.bias": c, "generator.weight": a, "generator.bias": e}.items():
        torch.testing.assert_close(found[name].double(), expected, rtol=0, atol=2e-6)
    assert found["critic.weight"].abs().max() <= CLAMP < critic.weight.abs().max()


def test_batches_are_counted_so_that_epochs_stay_true(tmp_path, opened):
    run = new_run(tmp_path / "run", plan_of("wgan", steps=6))
    train_to_end(run, open_points)
    assert history_of(run).epoch.values.tolist() == pytest.approx([20 * step / 24 for step in range(6)], abs=1e-5)
    assert [name for name, _ in opened[0].heard] == (["critic"] * 5 + ["generator"]) * 6


class Greedy(Wgan):
    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        yield from super().objectives(batch, config)
        yield NextBatch()


def test_a_task_that_asks_for_more_batches_than_its_phase_draws_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "wgan", Greedy)
    with pytest.raises(RuntimeError, match="draws 5 batches"):
        train_to_end(new_run(tmp_path / "run", plan_of("wgan")), open_points)


# -- however a step is divided ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wgan", "cycle", "nogan"])
def test_micro_batches_change_nothing(tmp_path, name, opened):
    runs = []
    for micro_batches in (1, 3):
        plan = plan_of(name, optimiser="sgd", rate=0.003, accumulate=micro_batches, pool=1000, steps=20)
        runs.append(new_run(tmp_path / f"in {micro_batches}", plan))
        train_to_end(runs[-1], open_points)
    whole, divided = map(networks_in, runs)
    for key, tensor in whole.items():
        torch.testing.assert_close(divided[key], tensor, rtol=0, atol=1e-6)
    numbers = numbers_of(runs[1])
    assert numbers.keys() == numbers_of(runs[0]).keys()
    for key, series in numbers_of(runs[0]).items():
        assert numbers[key] == [(step, pytest.approx(value, abs=1e-5)) for step, value in series]


# -- what a task hears ------------------------------------------------------------------------------------------------


def test_every_micro_batch_hears_the_same_numbers_which_are_those_of_the_log(tmp_path, opened):
    run = new_run(tmp_path / "run", plan_of("cycle", accumulate=3, steps=4))
    train_to_end(run, open_points)
    heard = [update for _, update in opened[0].heard]
    numbers = numbers_of(run)
    for step in range(4):
        ours = heard[6 * step : 6 * step + 6]  # a batch of 4 in 3 micro-batches × 2 summands
        added, taken = ours[:3], ours[3:]
        assert len(set(map(repr, added))) == len(set(map(repr, taken))) == 1
        assert (added[0].verdict, added[0].norm, taken[0].verdict) == ("added", 0.0, "step")
        assert taken[0].loss == numbers["generators.loss"][step][1] > added[0].loss > 0
        assert taken[0].norm == numbers["generators.gradient_norm"][step][1] > 0
        assert taken[0].terms == {key: numbers[f"generators.{key}"][step][1] for key in ("cycle_a", "cycle_b")}


class Summed(Cycle):
    """Both directions in one objective: what the summands must come to."""

    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        held = None
        for one in super().objectives(batch, config):
            if isinstance(one, Objective) and not one.step:
                held = one
            elif isinstance(one, Objective) and one.network == "generators":
                yield Objective("generators", held.loss + one.loss)
            else:
                yield one


def test_losses_that_are_added_up_are_one_loss(tmp_path, monkeypatch):
    runs = []
    for task in (Cycle, Summed):
        monkeypatch.setitem(TASKS, "cycle", task)
        runs.append(
            new_run(tmp_path / task.__name__, plan_of("cycle", optimiser="sgd", rate=0.003, pool=1000, steps=6))
        )
        train_to_end(runs[-1], open_points)
    one, other = map(networks_in, runs)
    for key, tensor in one.items():
        torch.testing.assert_close(other[key], tensor, rtol=0, atol=1e-6)
    losses = [[value for _, value in numbers_of(run)["generators.loss"]] for run in runs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


class Unfinished(Wgan):
    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        yield Objective("critic", self.networks["critic"](batch[0]).mean(), step=False)


def test_a_sum_that_nobody_learns_from_is_a_fault_of_the_task(tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "wgan", Unfinished)
    with pytest.raises(RuntimeError, match="critic were added up"):
        train_to_end(new_run(tmp_path / "run", plan_of("wgan")), open_points)


# -- who learns when --------------------------------------------------------------------------------------------------


def at_each_step(run: RunFolder, task: type[NoGan], monkeypatch) -> list[dict[str, Tensor]]:
    """The weights of both networks before each step."""
    seen: list[dict[str, Tensor]] = []

    class Watched(task):
        def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
            seen.append({name: nn.utils.parameters_to_vector(one.parameters()).detach().clone()
                         for name, one in self.networks.items()})  # fmt: skip
            yield from super().objectives(batch, config)

    monkeypatch.setitem(TASKS, "nogan", Watched)
    train_to_end(run, open_points)
    return seen


def test_a_phase_trains_the_networks_it_names_and_lets_the_others_rest(tmp_path, monkeypatch):
    run = new_run(tmp_path / "run", plan_of("nogan", steps=12))
    seen = at_each_step(run, NoGan, monkeypatch)
    changed = [
        {name for name in before if not torch.equal(before[name], after[name])} for before, after in pairwise(seen)
    ]
    assert changed[:6] == [{"generator"}] * 3 + [{"critic"}] * 3
    assert set(map(frozenset, changed[6:])) <= {frozenset({"generator"}), frozenset({"critic"})}


class Telling(NoGan):
    """Writes down what could carry a gradient."""

    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        flags = {name: {w.requires_grad for w in one.parameters()} for name, one in self.networks.items()}
        self.passes.append((config.step, repr(flags)))
        yield from super().objectives(batch, config)


def test_a_network_that_rests_has_no_gradients_and_no_optimiser(tmp_path, monkeypatch, opened):
    monkeypatch.setitem(TASKS, "nogan", lambda *given: opened.append(Telling(*given)) or opened[-1])
    run = new_run(tmp_path / "run", plan_of("nogan", steps=12))
    advance_to(3, job := training(run, open_points))
    job.close()
    assert opened[0].passes[0] == (0, "{'generator': {True}, 'critic': {False}}")
    saved = saved_in(run)["learners"]
    assert (saved["generator"]["kind"], saved["critic"]["kind"]) == ("adam", None)
    assert {turn for step, turn in opened[0].passes if step < 3 and "{" not in turn} == {"generator"}


def test_switching_follows_the_numbers_that_all_agree_on(tmp_path, opened):
    run = new_run(tmp_path / "run", plan_of("nogan", steps=40, rate=0.03))
    train_to_end(run, open_points)
    losses = dict(numbers_of(run)["critic.loss"])
    turns = dict(opened[0].passes)
    assert {turns[step] for step in range(21, 40)} == {"generator", "critic"}
    for step in range(21, 40):
        good = turns[step - 1] == "critic" and losses[step] < NoGan.good_enough  # step n is the n-th line of the log
        assert turns[step] == ("generator" if good else "critic")


def test_an_average_takes_in_only_what_was_learnt(tmp_path):
    plan = plan_of("nogan", steps=12)
    run = new_run(tmp_path / "run", plan)
    averages = []
    for step in (3, 6):  # the generator's phase is over; so is the critic's
        advance_to(step, job := training(run, open_points))
        job.close()
        averages.append(saved_in(run)["average"])
    assert averages[0]["count"] == averages[1]["count"] == 3
    assert all(map(torch.equal, averages[0]["weights"], averages[1]["weights"]))


@pytest.mark.parametrize(
    ("phase", "words"),
    [({"trains": ("painter",)}, "no such network.*critic, generator"), ({"frozen": ("painter",)}, "no such layers")],
)
def test_networks_that_are_not_there_are_named_before_the_first_step(tmp_path, phase, words):
    plan = toy_plan(schedule=constant_schedule(5, **phase)).model_copy(update={"title": "wgan"})
    with pytest.raises(StudioError, match=words.split(".*")[0]) as told:
        train_to_end(new_run(tmp_path / "run", plan), open_points)
    assert words.rpartition(".*")[2] in str(told.value)


@pytest.mark.parametrize("phase", [{"trains": ("critic",), "frozen": ("critic",)}, {"frozen": ("0", "2")}, {}])
def test_a_phase_in_which_nothing_learns_says_so_once(tmp_path, phase):
    plan = toy_plan(schedule=constant_schedule(5, **phase)).model_copy(update={"title": "wgan"})
    run = new_run(tmp_path / "run", plan)
    train_to_end(run, open_points)
    told = [event.facts["message"] for event in history_of(run).of_kind("log")]
    assert told == (["Nothing learns in phase 1: all networks rest."] if phase else [])


# -- two generators as one shown network ------------------------------------------------------------------------------


@pytest.mark.parametrize("average", ["none", "ema", "swa"])
def test_two_generators_are_averaged_measured_shown_and_exported_as_one(tmp_path, average):
    plan = plan_of("normed cycle", average=average, swa_start=0.5, steps=12, validate_every=4, sample_every=6)
    run = new_run(tmp_path / "run", plan)
    train_to_end(run, open_points)
    history = history_of(run)
    assert history.validation["cycle"].steps.tolist() == [4, 8, 12]
    assert [event.step for event in history.of_kind("sample")] == [0, 6, 12]
    exported = weights_in(run)
    assert {name.split(".")[0] for name in exported} == {"ab", "ba"}
    learnt = {name.removeprefix("generators."): w for name, w in networks_in(run).items() if "generators" in name}
    assert exported.keys() == learnt.keys()
    same = [torch.equal(exported[name], learnt[name]) for name in exported if not name.endswith("num_batches_tracked")]
    assert all(same) if average == "none" else not any(same)


class Silent(Cycle):
    """Does not say how a batch passes through its two generators."""

    norm = True
    refresh_statistics = TrainingTask.refresh_statistics


def test_what_is_shown_as_several_networks_has_to_say_how_a_batch_passes_through(tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "cycle", Silent)
    with pytest.raises(NotImplementedError, match="forward"):
        train_to_end(new_run(tmp_path / "run", plan_of("cycle")), open_points)
