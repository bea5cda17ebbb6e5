import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from studio.training.schedule import Optimiser, Phase, Ramp, Schedule, layer_factors
from studio.training.schedule_presets import constant

shares = st.floats(0, 1)
decays = st.sampled_from(["none", "linear", "cosine", "exponential", "polynomial"])


@st.composite
def ramps(draw: st.DrawFn, low: float = 1e-6, high: float = 0.999) -> Ramp:
    start, end, decay = draw(st.floats(low, high)), draw(st.floats(low, high)), draw(decays)
    return Ramp(start=start, end=start if decay == "none" else end, decay=decay, power=draw(st.floats(0.25, 4)))


@st.composite
def phases(draw: st.DrawFn) -> Phase:
    unit = draw(st.sampled_from(["epochs", "steps"]))
    return Phase(
        name=draw(st.text(max_size=5)),
        duration=draw(st.floats(0.01, 20)) if unit == "epochs" else draw(st.integers(1, 300)),
        unit=unit,
        optimiser=draw(st.sampled_from(["adam", "adamw", "sgd", "rmsprop"])),
        learning_rate=draw(ramps(high=10)),
        momentum=draw(ramps()),
        weight_decay=draw(st.floats(0, 1)),
        size=draw(st.none() | st.integers(1, 2048)),
        batch=draw(st.none() | st.integers(1, 64)),
        batches=draw(st.integers(1, 5)),
        trains=tuple(draw(st.lists(st.sampled_from(["generator", "critic"]), max_size=2))),
        frozen=tuple(draw(st.lists(st.sampled_from(["body", "head", "critic.body"]), max_size=2))),
        layer_rates=draw(st.none() | st.tuples(st.floats(0.01, 1), st.floats(0.01, 1))),
    )


few = settings(max_examples=25)  # schedules are large, and laid over their data step by step
schedules = st.builds(lambda drawn: Schedule(phases=tuple(drawn)), st.lists(phases(), min_size=1, max_size=4))


# --- ramps


@given(shares, st.floats(1e-6, 10), st.floats(1e-6, 10), st.floats(0.25, 4))
def test_a_ramp_follows_its_formula(t: float, a: float, b: float, p: float) -> None:
    expected = {
        "linear": a + (b - a) * t,
        "cosine": b + 0.5 * (a - b) * (1 + math.cos(math.pi * t)),
        "exponential": a * (b / a) ** t,
        "polynomial": b + (a - b) * (1 - t) ** p,
    }
    for decay, value in expected.items():
        assert Ramp(start=a, end=b, decay=decay, power=p).at(t) == pytest.approx(value, rel=1e-12)
    assert Ramp(start=a, end=a).at(t) == a


@given(ramps())
def test_a_ramp_leads_from_its_start_to_its_end(ramp: Ramp) -> None:
    assert ramp.at(0) == pytest.approx(ramp.start)
    assert ramp.at(1) == pytest.approx(ramp.end)


@given(ramps(), shares, st.floats(0, 0.9))
def test_a_ramp_may_leave_out_the_first_part_of_its_way(ramp: Ramp, t: float, skip: float) -> None:
    cut = ramp.model_copy(update={"skip": skip})
    assert cut.at(t) == pytest.approx(ramp.at(skip + (1 - skip) * t), rel=1e-12)
    assert cut.at(1) == pytest.approx(ramp.end)


@given(ramps(), st.lists(shares, min_size=1, max_size=9))
def test_a_ramp_says_the_same_of_one_share_and_of_many(ramp: Ramp, many: list[float]) -> None:
    np.testing.assert_allclose(ramp.along(np.array(many)), [ramp.at(t) for t in many], rtol=1e-14)


def test_a_ramp_without_decay_ends_where_it_starts() -> None:
    assert Ramp.model_validate({"start": 0.1}) == Ramp.level(0.1) == Ramp(start=0.1, end=0.1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"start": 0.1, "end": 0.2}, "needs a decay"),
        ({"start": 0.1, "end": 0.0, "decay": "exponential"}, "exponential decay can neither begin nor end at 0"),
        ({"start": 0.1, "decay": "linear"}, "end"),
        ({"start": float("nan")}, "finite"),
        ({"start": 1, "end": 0, "decay": "polynomial", "power": 0}, "greater than 0"),
    ],
)
def test_a_wrong_ramp_says_what_is_wrong(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Ramp.model_validate(wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"duration": 0}, "greater than 0"),
        ({"learning_rate": {"start": -1}}, "cannot be below 0"),
        ({"momentum": {"start": 1.0}}, "between 0 and just below 1"),
        ({"duration": 1.5, "unit": "steps"}, "whole number of steps"),
        ({"layer_rates": (0.0, 1.0)}, "factors above 0"),
        ({"batch": 0}, "greater than or equal to 1"),
        ({"speed": 3}, "not permitted"),
    ],
)
def test_a_wrong_phase_says_what_is_wrong(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Phase.model_validate({"duration": 1, "learning_rate": {"start": 0.1}} | wrong)


def test_a_schedule_has_at_least_one_phase() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        Schedule(phases=())


# --- timelines


@few
@given(schedules, st.integers(1, 100), st.integers(1, 16))
def test_every_step_lies_in_exactly_one_phase(schedule: Schedule, examples: int, batch: int) -> None:
    timeline = schedule.timeline(examples, batch=batch, size=64)
    counts = [0] * len(schedule.phases)
    for step in range(timeline.total_steps):
        config = timeline.at(step)
        first, after = timeline.phase_start(config.phase), timeline.phase_start(config.phase + 1)
        assert first <= step < after
        assert config.progress == (step - first) / (after - first)
        counts[config.phase] += 1
    assert counts == [phase.steps(examples, batch) for phase in schedule.phases]
    assert sum(counts) == timeline.total_steps


@few
@given(schedules, st.integers(1, 1000), st.integers(1, 16))
def test_epochs_are_resolved_against_the_phase_s_own_batch(schedule: Schedule, examples: int, batch: int) -> None:
    for phase in schedule.phases:
        steps, own = phase.steps(examples, batch), (phase.batch or batch) * phase.batches
        if phase.unit == "steps":
            assert steps == phase.duration
        else:  # the fewest steps that draw at least that many examples
            assert steps >= 1
            assert steps * own >= phase.duration * examples * (1 - 1e-6)
            assert (steps - 1) * own < phase.duration * examples


@few
@given(schedules, st.integers(1, 100), st.integers(1, 16))
def test_draws_and_epochs_count_what_every_step_took(schedule: Schedule, examples: int, batch: int) -> None:
    timeline = schedule.timeline(examples, batch=batch, size=64)
    drawn = 0
    for step in range(timeline.total_steps):
        config = timeline.at(step)
        assert config.draws == drawn
        assert config.epoch == drawn / examples
        drawn += config.batch * config.batches
    assert timeline.total_draws == drawn


@few
@given(schedules)
def test_a_schedule_comes_back_from_json(schedule: Schedule) -> None:
    assert Schedule.model_validate_json(schedule.model_dump_json()) == schedule


@few
@given(st.lists(st.floats(1e-5, 1), min_size=3, max_size=5), decays.filter(lambda d: d != "none"))
def test_joined_ends_are_passed_without_a_jump(corners: list[float], decay: str) -> None:
    """Where each phase begins as the one before ends, no step changes more than the steepest ramp does in one."""
    n = 400
    schedule = Schedule(
        phases=tuple(
            Phase(duration=n, unit="steps", learning_rate=Ramp(start=a, end=b, decay=decay))
            for a, b in pairwise(corners)
        )
    )
    # slopes: linear |Δ|, cosine |Δ| π/2, polynomial 2 |Δ|, exponential max · |ln ratio|, all per n steps
    steepest = max(max(2 * abs(a - b), max(a, b) * abs(math.log(a / b))) for a, b in pairwise(corners))
    timeline = schedule.timeline(10, batch=1, size=64)
    rates = [timeline.at(step).learning_rate for step in range(timeline.total_steps)]
    assert np.abs(np.diff(rates)).max() <= steepest / n + 1e-12


def test_what_a_phase_leaves_open_comes_from_the_run() -> None:
    rate = Ramp.level(0.1)
    schedule = Schedule(
        phases=(
            Phase(name="small", duration=1, learning_rate=rate, size=32, batch=10, frozen=("body",)),
            Phase(name="large", duration=1, learning_rate=rate, layer_rates=(0.1, 1.0), weight_decay=0.5),
        )
    )
    timeline = schedule.timeline(40, batch=4, size=64)
    assert timeline.total_steps == 4 + 10
    small, large = timeline.at(0), timeline.at(4)
    assert (small.phase_name, small.size, small.batch, small.frozen, small.layer_rates) == (
        "small", 32, 10, ("body",), None
    )  # fmt: skip
    assert (large.phase_name, large.size, large.batch, large.frozen, large.layer_rates) == (
        "large", 64, 4, (), (0.1, 1.0)
    )  # fmt: skip
    assert (large.weight_decay, large.epoch, large.total_steps) == (0.5, 1.0, 14)


def test_a_phase_says_which_networks_learn_in_it() -> None:
    def learning(**phase: Any) -> set[str]:
        made = Schedule(phases=(Phase(duration=1, learning_rate=Ramp.level(0.1), **phase),))
        config = made.timeline(10, batch=2, size=64).at(0)
        return {network for network in ("generator", "critic") if config.trains(network)}

    assert learning() == learning(frozen=("critic.body", "body")) == {"generator", "critic"}
    assert learning(trains=("critic",)) == learning(frozen=("generator",)) == {"critic"}
    assert learning(trains=("critic",), frozen=("critic",)) == set()
    assert learning(frozen=("generator",), train_norms=True) == {"generator", "critic"}  # its norms go on
    assert learning(trains=("critic",), frozen=("critic",), train_norms=True) == {"critic"}


@pytest.mark.parametrize(("optimiser", "momentum"), [("adam", 0.9), ("adamw", 0.9), ("sgd", 0.9), ("rmsprop", 0.0)])
def test_momentum_is_what_suits_the_optimiser_where_nobody_says(optimiser: Optimiser, momentum: float) -> None:
    phase = Phase(duration=1, optimiser=optimiser, learning_rate=Ramp.level(0.1))
    assert phase.momentum == Ramp.level(momentum)
    assert phase.model_copy(update={"momentum": Ramp.level(0.3)}).momentum == Ramp.level(0.3)


def test_a_schedule_that_version_0_1_wrote_means_what_it_meant() -> None:
    ramp = {"start": 0.9, "end": 0.9, "decay": "none", "power": 2.0}
    written = {
        "name": "", "duration": 2.0, "unit": "epochs", "optimiser": "rmsprop", "learning_rate": {**ramp, "end": 0.9},
        "momentum": ramp, "weight_decay": 0.1, "size": None, "batch": None, "frozen": ["body"], "layer_rates": None,
    }  # fmt: skip
    (phase,) = Schedule.model_validate_json(json.dumps({"phases": [written]})).phases
    assert phase.momentum == Ramp.level(0.9)
    assert (phase.trains, phase.train_norms, phase.decay_norms, phase.batches) == ((), False, True, 1)


@pytest.mark.parametrize("step", [-1, 5])
def test_a_step_outside_of_the_training_is_refused(step: int) -> None:
    timeline = constant(duration=5, unit="steps").timeline(10, batch=2, size=64)
    with pytest.raises(IndexError, match=f"Step {step} is outside"):
        timeline.at(step)


def test_a_timeline_needs_examples() -> None:
    with pytest.raises(ValueError, match="no examples"):
        constant().timeline(0, batch=1, size=64)


@few
@given(schedules, st.integers(1, 100), st.integers(2, 300))
def test_the_drawn_curve_is_the_one_obeyed(schedule: Schedule, examples: int, points: int) -> None:
    timeline = schedule.timeline(examples, batch=2, size=64)
    steps, rates, momenta = timeline.curve(points)
    assert len(steps) == len(rates) == len(momenta)
    assert (np.diff(steps) >= 0).all()
    assert (steps[0], steps[-1]) == (0, timeline.total_steps)
    assert rates[-1] == pytest.approx(schedule.phases[-1].learning_rate.end)
    for index in range(len(schedule.phases)):
        config = timeline.at(timeline.phase_start(index))
        at = np.flatnonzero(steps == config.step)[-1]
        assert (rates[at], momenta[at]) == pytest.approx((config.learning_rate, config.momentum))


def test_layer_factors_are_a_geometric_series() -> None:
    assert layer_factors(None, 3) == (1, 1, 1)
    assert layer_factors((0.01, 1.0), 3) == pytest.approx((0.01, 0.1, 1.0))
    assert layer_factors((0.01, 1.0), 1) == (1.0,)


@pytest.mark.parametrize("unit", ["epochs", "steps"])
def test_a_phase_for_ever_is_still_a_number_of_steps(unit):
    endless = Phase(duration=1e308, unit=unit, learning_rate=Ramp.level(0.1))
    timeline = Schedule(phases=(endless, endless)).timeline(100, batch=1, size=16)
    assert timeline.total_steps == pytest.approx(2e12)
    assert timeline.at(10**12).phase == 1
