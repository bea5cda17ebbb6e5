import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.ui.controls.value_scale import POSITIONS, ValueScale

SCALES = [
    ValueScale(0.0, 1.0, 0.01),
    ValueScale(0.0, 10.0, 0.05, "log"),
    ValueScale(0.25, 3.0, 0.05, "log"),
    ValueScale(64, 4096, 32),
    ValueScale(-1.0, 1.0, 0.1),
]
EACH = pytest.mark.parametrize("scale", SCALES, ids=str)


@EACH
def test_ends_are_exact(scale: ValueScale):
    assert scale.value(0) == scale.low
    assert scale.value(POSITIONS) == scale.high
    assert scale.position(scale.low) == 0
    assert scale.position(scale.high) == POSITIONS


@EACH
@given(position=st.integers(-50, POSITIONS + 50))
def test_values_stay_in_range_and_on_steps(scale: ValueScale, position: int):
    value = scale.value(position)
    assert scale.low <= value <= scale.high
    steps = (value - scale.low) / scale.step
    assert value == scale.high or math.isclose(steps, round(steps), abs_tol=1e-6)


@EACH
def test_travel_never_turns_back(scale: ValueScale):
    values = [scale.value(position) for position in range(POSITIONS + 1)]
    assert values == sorted(values)


def test_linear_middle_is_the_mean():
    assert ValueScale(0.0, 1.0, 0.01).value(POSITIONS // 2) == 0.5


def test_logarithmic_middle_is_the_geometric_mean():
    assert ValueScale(0.01, 100.0, 0.01, "log").value(POSITIONS // 2) == pytest.approx(1.0)


def test_logarithmic_travel_from_zero_gives_the_lower_tenth_half_of_it():
    # v = high · (100^t − 1) / 99: at t = ½, 9/99 of the range
    assert ValueScale(0.0, 10.0, 0.01, "log").value(POSITIONS // 2) == pytest.approx(10 * 9 / 99, abs=0.01)


def test_values_outside_lie_at_the_ends():
    scale = ValueScale(0.25, 3.0, 0.05, "log")
    assert scale.position(0.0) == 0
    assert scale.position(99.0) == POSITIONS


def test_steps_add_up_without_dust():
    scale, value = ValueScale(0.0, 1.0, 0.1), 0.0
    for _ in range(3):
        value = scale.moved(value, 1)
    assert value == 0.3
    assert scale.moved(0.95, 1) == 1.0
    assert scale.moved(0.05, -1) == 0.0


def test_step_from_an_exact_number_keeps_its_offset():
    assert ValueScale(64, 4096, 32).moved(500, 1) == 532


def test_decimals_follow_the_step():
    assert [ValueScale(0, 1, step).decimals for step in (1, 0.5, 0.05, 0.001)] == [0, 1, 2, 3]
