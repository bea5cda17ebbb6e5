"""When a step is left out, when that is a divergence, and how fp16's loss is scaled."""

import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.training.guards import GradientGuard, LossScale

norms = st.floats(1e-3, 1e3)


def seasoned(norm: float = 1.0, **options) -> GradientGuard:
    guard = GradientGuard(**options)
    for _ in range(20):
        guard.judge(norm)
    return guard


@pytest.mark.parametrize("norm", [math.nan, math.inf, -math.inf])
def test_a_norm_that_is_not_finite_is_left_out_from_the_first_step_on(norm):
    assert GradientGuard().judge(norm) == "skip"
    assert seasoned().judge(norm) == "skip"


@given(st.lists(norms, min_size=20, max_size=150), st.floats(0.1, 1e6))
def test_what_is_too_long_is_measured_by_the_running_median(taken, candidate):
    guard = GradientGuard(explosion=30, memory=100, least=20)
    recent: list[float] = []
    for norm in taken:
        limit = 30 * median(recent[-100:]) if len(recent) >= 20 else math.inf
        assert (guard.judge(norm) == "step") == (norm <= limit)
        if norm <= limit:
            recent.append(norm)
    assert (guard.judge(candidate) == "step") == (candidate <= 30 * median(recent[-100:]))


def test_nothing_is_too_long_before_enough_is_known():
    guard = GradientGuard(least=20)
    assert [guard.judge(norm) for norm in (1.0, 1e6, 1e-6, 1e12)] == ["step"] * 4


def test_gradients_of_zero_say_nothing_about_what_is_much():
    guard = GradientGuard()
    assert [guard.judge(0.0) for _ in range(50)] == ["step"] * 50
    assert guard.judge(5.0) == "step"


def test_only_an_unbroken_row_of_skipped_steps_is_a_divergence():
    guard = seasoned(patience=3)
    assert [guard.judge(norm) for norm in (math.nan, 1e9, 1.0, math.nan, math.inf, math.nan)] == [
        "skip", "skip", "step", "skip", "skip", "diverged",
    ]  # fmt: skip
    assert guard.streak == 3


def test_what_contends_takes_long_gradients_and_gets_used_to_them():
    guard = seasoned(0.1, shortens=True, patience=3)
    assert [guard.judge(norm) for norm in (9.0, 9.0, 9.0, 9.0)] == ["step"] * 4
    assert guard.limit == pytest.approx(30 * 0.1)
    for _ in range(30):
        guard.judge(9.0)
    assert guard.limit == pytest.approx(30 * 9.0)
    assert [guard.judge(math.nan) for _ in range(3)] == ["skip", "skip", "diverged"]


def test_a_guard_goes_on_as_it_was_saved():
    guard = seasoned(2.0)
    guard.judge(math.nan)
    restored = GradientGuard()
    restored.load_state_dict(guard.state_dict())
    assert (restored.limit, restored.streak) == (guard.limit, guard.streak) == (60.0, 1)
    restored.reset()
    assert (restored.limit, restored.streak) == (math.inf, 0)


def test_the_loss_scale_is_halved_at_an_overflow_and_doubled_when_all_goes_well():
    scale = LossScale(1024.0, growth_interval=3)
    assert scale.overflowed(math.inf)
    assert scale.scale == 512
    assert [scale.overflowed(1.0) for _ in range(7)] == [False] * 7
    assert scale.scale == 512 * 2 * 2
    restored = LossScale(growth_interval=3)
    restored.load_state_dict(scale.state_dict())
    assert [restored.overflowed(1.0) for _ in range(2)] == [False] * 2
    assert restored.scale == 4096  # 7 good steps were behind it: the 9th doubles again


def test_at_the_smallest_scale_an_overflow_is_not_the_scales_fault():
    scale = LossScale(1.0)
    assert not scale.overflowed(math.nan)
    assert scale.scale == 1.0
