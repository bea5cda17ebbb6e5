"""The kernels are the formulas of the Real-ESRGAN paper, written out here place by place."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.blur_kernels import covariance, gaussian, generalised_gaussian, plateau, sinc
from models.degradation_steps import Chance
from models.degradation_web import Blur

SIGMAS = st.floats(0.2, 3.0)


def by_hand(side: int, sigma: np.ndarray, weight) -> np.ndarray:
    inverse, half = np.linalg.inv(sigma), side // 2
    places = [[np.array([x, y]) for x in range(-half, half + 1)] for y in range(-half, half + 1)]
    kernel = np.array([[weight(float(place @ inverse @ place)) for place in row] for row in places])
    return kernel / kernel.sum()


@settings(max_examples=30)
@given(st.sampled_from([7, 11]), SIGMAS, SIGMAS, st.floats(-math.pi, math.pi), st.floats(0.5, 4.0))
def test_kernels_are_the_papers_formulas(side, first, second, angle, beta):
    sigma = covariance(first, second, angle)
    np.testing.assert_allclose(gaussian(side, sigma), by_hand(side, sigma, lambda d: math.exp(-0.5 * d)), atol=1e-9)
    pointed = by_hand(side, sigma, lambda d: math.exp(-0.5 * d**beta))
    np.testing.assert_allclose(generalised_gaussian(side, sigma, beta), pointed, atol=1e-9)
    flat = by_hand(side, sigma, lambda d: 1 / (d**beta + 1))
    np.testing.assert_allclose(plateau(side, sigma, beta), flat, atol=1e-9)


def test_covariance_turns_the_long_axis():
    assert covariance(3.0, 1.0, 0.0) == pytest.approx(np.diag([9.0, 1.0]))
    assert covariance(3.0, 1.0, math.pi / 2) == pytest.approx(np.diag([1.0, 9.0]))


def bessel_j1(x: float) -> float:
    """The power series Σ (−1)ᵏ (x ÷ 2)²ᵏ⁺¹ ÷ (k! (k + 1)!)."""
    return sum((-1) ** k * (x / 2) ** (2 * k + 1) / (math.factorial(k) * math.factorial(k + 1)) for k in range(60))


@settings(max_examples=20)
@given(st.sampled_from([7, 9]), st.floats(math.pi / 5, math.pi))
def test_sinc_is_the_circular_low_pass(side, cutoff):
    half = side // 2
    kernel = np.empty((side, side))
    for y in range(side):
        for x in range(side):
            r = math.hypot(x - half, y - half)
            kernel[y, x] = cutoff * bessel_j1(cutoff * r) / (2 * math.pi * r) if r else cutoff**2 / (4 * math.pi)
    np.testing.assert_allclose(sinc(side, cutoff), kernel / kernel.sum(), atol=1e-8)


def test_sinc_passes_what_is_slower_than_its_cutoff_and_stops_the_rest():
    places = np.arange(21) - 10
    kernel = sinc(21, math.pi / 2)
    passed, stopped = (float((kernel @ np.cos(w * places)).sum()) for w in (math.pi / 8, 0.9 * math.pi))
    assert passed == pytest.approx(1.0, abs=0.1)
    assert abs(stopped) < 0.1


@given(st.integers(0, 2**32))
def test_drawn_kernels_are_odd_symmetric_and_sum_to_one(seed):
    kernel = Blur().kernel(Chance(seed, "blur"))
    assert kernel.shape[0] == kernel.shape[1]
    assert kernel.shape[0] in range(7, 22, 2)
    assert kernel.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-12)


def test_shapes_come_as_often_as_published():
    draws = []
    for seed in range(2000):
        chance = Chance(seed, "blur")
        Blur().kernel(chance)
        draws.append(chance.drawn)
    rings = [drawn["sinc"] for drawn in draws]
    assert np.mean(rings) == pytest.approx(0.1, abs=0.02)
    shapes = [drawn["shape"] for drawn in draws if not drawn["sinc"]]
    for shape, share in zip(
        ("round", "oval", "generalised round", "generalised oval", "plateau round", "plateau oval"),
        (0.45, 0.25, 0.12, 0.03, 0.12, 0.03), strict=True,
    ):  # fmt: skip
        assert np.mean([each == shape for each in shapes]) == pytest.approx(share, abs=0.03)
    betas = [drawn["beta"] for drawn in draws if not drawn["sinc"] and drawn["shape"].startswith("generalised")]
    assert np.mean([beta <= 1 for beta in betas]) == pytest.approx(0.5, abs=0.08)
    cutoffs = {wide: min(d["cutoff"] for d in draws if d["sinc"] and (int(d["side"]) >= 13) == wide) for wide in (0, 1)}
    assert math.pi / 3 <= cutoffs[0] < math.pi / 3 + 0.1
    assert math.pi / 5 <= cutoffs[1] < math.pi / 5 + 0.1
