"""Ready schedules, each against the rule that it is called after."""

import math
import sys
from subprocess import run

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.settings import describe
from studio.training.schedule import Schedule
from studio.training.schedule_presets import (
    PRESETS,
    constant,
    fit_one_cycle,
    flat_cosine,
    linear_decay,
    one_cycle,
    poly,
    sgdr,
    step_decay,
)


def rates_of(schedule: Schedule, examples: int, batch: int = 1) -> np.ndarray:
    timeline = schedule.timeline(examples, batch=batch, size=64)
    return np.array([timeline.at(step).learning_rate for step in range(timeline.total_steps)])


def momenta_of(schedule: Schedule, examples: int, batch: int = 1) -> np.ndarray:
    timeline = schedule.timeline(examples, batch=batch, size=64)
    return np.array([timeline.at(step).momentum for step in range(timeline.total_steps)])


def test_constant_never_changes() -> None:
    schedule = constant(duration=3, rate=0.02, momentum=0.8)
    assert set(rates_of(schedule, 10, 2)) == {0.02}
    assert set(momenta_of(schedule, 10, 2)) == {0.8}
    assert len(rates_of(schedule, 10, 2)) == 15


def test_step_decay_multiplies_by_its_factor_at_every_drop() -> None:
    steps = np.arange(30)
    expected = 0.1 * 0.5 ** (steps // 10)
    np.testing.assert_allclose(rates_of(step_decay(duration=3, rate=0.1, drops=2, factor=0.5), 10), expected)


def test_one_cycle_goes_up_and_down_with_the_momentum_mirrored_and_then_settles() -> None:
    """Smith 2018: two equal linear halves between base and maximal rate, momentum inverse, then annihilation."""
    schedule = one_cycle(
        duration=1, rate=1.0, low=0.1, tail=0.2, tail_factor=0.01, momentum=0.95, momentum_low=0.85
    )  # fmt: skip
    step = np.arange(100)
    way = np.where(step < 40, step / 40, 1 - (step - 40) / 40)
    settling = (step - 80) / 20
    np.testing.assert_allclose(
        rates_of(schedule, 100), np.where(step < 80, 0.1 + 0.9 * way, 0.1 + (0.001 - 0.1) * settling)
    )
    np.testing.assert_allclose(momenta_of(schedule, 100), np.where(step < 80, 0.95 - 0.1 * way, 0.95))


def test_one_cycle_can_be_soft() -> None:
    rates = rates_of(one_cycle(duration=1, rate=1.0, low=0.1, tail=0.2, shape="cosine"), 100)
    np.testing.assert_allclose(rates[:40], 1 + (0.1 - 1) * (1 + np.cos(np.pi * np.arange(40) / 40)) / 2)


def test_the_halves_of_one_cycle_may_be_unequal() -> None:
    schedule = one_cycle(duration=1, rate=1.0, low=0.1, pct_start=0.25, tail=0.2)
    step = np.arange(80)
    way = np.where(step < 20, step / 20, 1 - (step - 20) / 60)
    np.testing.assert_allclose(rates_of(schedule, 100)[:80], 0.1 + 0.9 * way)
    np.testing.assert_allclose(momenta_of(schedule, 100)[:80], 0.95 - 0.1 * way)


def test_fit_one_cycle_is_fastai_s() -> None:
    """fastai 1.0: cosine lr/25 → lr over pct_start, lr → lr/1e5 after; momentum 0.95 → 0.85 → 0.95 likewise.

    annealing_cos(start, end, t) = end + (start − end)/2 · (cos(πt) + 1).
    """

    def annealing_cos(start: float, end: float, t: np.ndarray) -> np.ndarray:
        return end + (start - end) / 2 * (np.cos(np.pi * t) + 1)

    schedule, step = fit_one_cycle(duration=1, rate=0.4), np.arange(100)
    up, down = step[:30] / 30, (step[30:] - 30) / 70
    rates = np.concatenate([annealing_cos(0.4 / 25, 0.4, up), annealing_cos(0.4, 0.4 / 1e5, down)])
    momenta = np.concatenate([annealing_cos(0.95, 0.85, up), annealing_cos(0.85, 0.95, down)])
    np.testing.assert_allclose(rates_of(schedule, 100), rates)
    np.testing.assert_allclose(momenta_of(schedule, 100), momenta)
    assert schedule.phases[-1].learning_rate.end == 0.4 / 1e5


@pytest.mark.parametrize(("unit", "length", "led"), [("steps", 4, 1), ("steps", 70, 4), ("epochs", 2.5, 0.125)])
def test_a_lead_in_takes_its_time_from_the_first_cycle(unit, length, led) -> None:
    first, cycle, second = sgdr(cycles=2, cycle_len=length, cycle_mult=1, unit=unit, lead_in=True).phases
    assert (first.duration, cycle.duration, second.duration) == (led, length - led, length)
    assert cycle.learning_rate.at(0) == pytest.approx(0.01 * (1 + math.cos(math.pi * led / length)) / 2)


@pytest.mark.parametrize("unit", ["steps", "epochs"])
def test_the_shortest_lead_in_can_be_kept(unit) -> None:
    short = sgdr(cycles=1, cycle_len=0.01, unit=unit, lead_in=True)
    assert Schedule.model_validate_json(short.model_dump_json()) == short


def test_sgdr_s_lead_in_is_the_lessons() -> None:
    """fast.ai 0.7, CosAnneal: of nb steps of the first cycle those before nb/20 at lr/100; else lr/2 (1 + cos(π i/nb)).

    i counts from the cycle's beginning, the lead-in included.
    """
    rates = rates_of(sgdr(cycles=2, cycle_len=2, cycle_mult=2, rate=0.5, lead_in=True), 20)
    expected: list[float] = []
    for nb in (40, 80):
        expected += [0.5 / 2 * (1 + math.cos(math.pi * i / nb)) for i in range(nb)]
    expected[:2] = [0.005, 0.005]
    np.testing.assert_allclose(rates, expected)


def test_poly_is_deeplab_s_rule() -> None:
    """Chen et al. 2017: the rate is multiplied by (1 − iter / max_iter)^power, power = 0.9."""
    np.testing.assert_allclose(rates_of(poly(duration=2, rate=0.3), 25), 0.3 * (1 - np.arange(50) / 50) ** 0.9)


def test_sgdr_follows_equation_five_with_growing_cycles() -> None:
    """η_t = η_min + ½ (η_max − η_min)(1 + cos(T_cur / T_i · π)); T_i = T_0 · T_multⁱ."""
    rates = rates_of(sgdr(cycles=3, cycle_len=2, cycle_mult=3, rate=0.5, floor=0.05), 10)
    expected: list[float] = []
    for cycle in range(3):
        length = 2 * 10 * 3**cycle
        expected += [0.05 + 0.5 * (0.5 - 0.05) * (1 + math.cos(i / length * math.pi)) for i in range(length)]
    np.testing.assert_allclose(rates, expected)


def test_linear_decay_is_cyclegan_s_rule() -> None:
    """CycleGAN, section 4: the same rate for the first n epochs, linearly decayed to zero over the next n_decay."""
    rates = rates_of(linear_decay(n=3, n_decay=2, rate=2e-4), 10)
    epoch = np.arange(50) / 10
    np.testing.assert_allclose(rates, 2e-4 * (1 - np.maximum(0, epoch - 3) / 2), atol=1e-12)


def test_flat_cosine_stays_and_then_lands_softly() -> None:
    rates = rates_of(flat_cosine(duration=4, rate=0.1, flat=0.75), 10)
    landing = 0.5 * 0.1 * (1 + np.cos(np.pi * np.arange(10) / 10))
    np.testing.assert_allclose(rates, np.concatenate([np.full(30, 0.1), landing]))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_explains_itself_and_asks_for_what_it_takes(name: str) -> None:
    preset = PRESETS[name]
    assert preset.title
    assert preset.help.endswith(".")
    described = {info.name: info.default for info in describe(preset.numbers)}
    assert described == dict(preset.numbers())
    assert preset.numbers.lengths.keys() <= described.keys()
    assert preset(**described) == preset()


@pytest.mark.parametrize("name", [name for name in PRESETS if name not in ("sgdr", "linear_decay")])
@given(st.integers(10, 2000))
def test_a_preset_counted_in_steps_keeps_its_length(name: str, steps: int) -> None:
    schedule = PRESETS[name](duration=steps, unit="steps")
    assert schedule.timeline(7, batch=3, size=64).total_steps == steps


@given(st.floats(0.1, 500))
def test_a_preset_s_epochs_are_round_and_add_up(duration: float) -> None:
    duration = round(duration, 2)
    lengths = [phase.duration for phase in step_decay(duration=duration, drops=2).phases]
    assert sum(lengths) == pytest.approx(duration)
    assert all(round(length, 2 if duration >= 0.3 else 6) == length for length in lengths)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("unit", ["epochs", "steps"])
def test_a_preset_takes_the_place_of_a_schedule_at_its_length_and_speed(name: str, unit: str) -> None:
    before = one_cycle(duration=60, rate=0.02, unit=unit, optimiser="rmsprop").timeline(40, batch=4, size=64)
    after = PRESETS[name].instead_of(before)
    timeline = after.timeline(40, batch=4, size=64)
    assert timeline.total_steps == pytest.approx(before.total_steps, abs=3)
    assert max(phase.learning_rate.start for phase in after.phases) == 0.02
    assert {(phase.unit, phase.optimiser) for phase in after.phases} == {(unit, "rmsprop")}


def test_the_window_can_draw_schedules_without_torch() -> None:
    code = "import sys, studio.training.schedule_presets; sys.exit('torch' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
