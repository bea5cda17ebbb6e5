import math
import sys
from subprocess import run

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.training.rate_curve import LossWatch, RateCurve, RateSweep, steepest, valley

RATES = np.array(RateSweep().rates())


def curve(losses: np.ndarray, diverged: bool = True) -> RateCurve:
    return RateCurve("network", RATES[: len(losses)], losses, losses, diverged)


def bowl() -> np.ndarray:
    """Flat at 2.3, a slope around 1e-2, a minimum near 1e-1, then an explosion: what every range test looks like."""
    x = np.log10(RATES)
    return 2.3 - 1.8 / (1 + np.exp(-4 * (x + 2))) + np.exp(6 * (x - 0.2))


def test_the_rates_form_a_geometric_series() -> None:
    rates = RateSweep(low=1e-4, high=1.0, steps=5).rates()
    assert rates == pytest.approx((1e-4, 1e-3, 1e-2, 1e-1, 1.0))


def test_a_linear_sweep_s_rates_rise_evenly() -> None:
    sweep = RateSweep(low=0.1, high=0.9, steps=5, spacing="linear")
    assert sweep.rates() == pytest.approx((0.1, 0.3, 0.5, 0.7, 0.9))


def test_a_linear_sweep_learns_from_its_first_rate_on() -> None:
    """An exponential sweep's first tenth lies below anything that learns; here the fall is among the first rates."""
    rates = np.array(RateSweep(low=0.01, high=2.0, steps=40, spacing="linear").rates())
    losses = np.where(rates < 0.2, 2.0 - 5 * rates, 1.0 + 0.1 * rates)
    both = [RateCurve("network", rates, losses, losses, spacing=one) for one in ("linear", "exponential")]
    assert both[0].valley == rates[2]  # of the fall over the first five
    assert both[1].valley is None


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=20), st.floats(0, 0.99))
def test_the_loss_is_smoothed_by_a_bias_corrected_mean(losses: list[float], beta: float) -> None:
    """m_n = β m_{n−1} + (1 − β) loss_n from m_0 = 0; shown is m_n / (1 − βⁿ), a weighted mean of all so far."""
    watch = LossWatch(RateSweep(smoothing=beta))
    for loss in losses:
        watch.add(loss)
    for n in range(1, len(losses) + 1):
        weights = [(1 - beta) * beta ** (n - i) for i in range(1, n + 1)]
        expected = sum(w * loss for w, loss in zip(weights, losses, strict=False)) / sum(weights)
        assert watch.smoothed[n - 1] == pytest.approx(expected)


def test_the_sweep_ends_at_four_times_the_best() -> None:
    watch = LossWatch(RateSweep(smoothing=0.0))
    assert [watch.add(loss) for loss in (2.0, 1.0, 3.9, 4.0, 4.1)] == [False, False, False, False, True]


def test_a_loss_below_zero_is_measured_by_its_size() -> None:
    """A Wasserstein critic's loss: four times −2 would be better, not worse."""
    watch = LossWatch(RateSweep(smoothing=0.0))
    assert [watch.add(loss) for loss in (-0.1, -2.0, -1.0, 3.9, 4.1)] == [False, False, False, False, True]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_sweep(loss: float) -> None:
    watch = LossWatch(RateSweep())
    assert not watch.add(1.0)
    assert watch.add(loss)
    assert watch.losses == [1.0]


def test_steepest_is_where_the_slope_is() -> None:
    """The logistic in log10(rate) around −2 falls fastest at 1e-2."""
    assert steepest(RATES, bowl()) == pytest.approx(1e-2, rel=0.2)
    assert curve(bowl()).steepest == steepest(RATES, bowl())


def test_a_steep_wiggle_before_the_descent_is_noise() -> None:
    losses = bowl()
    losses[20:24] -= (0.0, 0.9, 0.9, 0.0)
    assert steepest(RATES, losses) == pytest.approx(1e-2, rel=0.2)


def test_valley_is_the_middle_of_the_descent() -> None:
    losses = np.concatenate([np.full(30, 2.0), np.linspace(2.0, 1.0, 31), np.full(39, 5.0)])
    found = valley(RATES, losses)
    assert found == pytest.approx(RATES[45], rel=0.2)


def test_valley_does_not_mind_noise() -> None:
    rng = np.random.default_rng(1)
    losses = np.concatenate([np.full(30, 2.0), np.linspace(2.0, 1.0, 31), np.full(39, 5.0)])
    found = valley(RATES, losses + rng.normal(0, 0.02, 100))
    assert found is not None
    assert RATES[32] < found < RATES[56]


def test_both_suggestions_stay_clear_of_the_minimum() -> None:
    """A rate at the minimum is about to diverge."""
    lowest = RATES[np.argmin(bowl())]
    found = curve(bowl())
    assert found.valley is not None
    assert found.valley < lowest
    assert found.steepest < lowest


@pytest.mark.parametrize("losses", [np.linspace(1, 2, 100), np.ones(100), np.ones(1), np.ones(0)])
def test_a_loss_that_never_falls_suggests_nothing(losses: np.ndarray) -> None:
    assert curve(losses).valley is None
    assert curve(losses).steepest is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"low": 0.0}, "above 0"), ({"low": 1.0, "high": 0.5}, "higher"), ({"steps": 1}, "two steps"),
     ({"smoothing": 1.0}, "between 0 and 1"), ({"divergence": 1.0}, "above 1")],
)  # fmt: skip
def test_a_wrong_sweep_says_what_is_wrong(wrong: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RateSweep(**wrong)


def test_the_window_can_draw_curves_without_torch() -> None:
    code = "import sys, studio.training.rate_curve; sys.exit('torch' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
