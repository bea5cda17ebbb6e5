"""The blur kernels of Real-ESRGAN (Wang et al. 2021, section 3.2 and 3.3): three kinds of Gaussian, and the ideal lens.

All are square, of odd side, and add up to 1; x is a place relative to the middle.
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["covariance", "gaussian", "generalised_gaussian", "plateau", "sinc"]

Kernel = NDArray[np.float64]


def covariance(sigma_x: float, sigma_y: float, angle: float) -> Kernel:
    """Σ = R diag(σ₁², σ₂²) Rᵀ, R turning by `angle` in radians (eq. 2)."""
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.asarray(turn @ np.diag([sigma_x**2, sigma_y**2]) @ turn.T)


def gaussian(side: int, sigma: Kernel) -> Kernel:
    """exp(−½ xᵀ Σ⁻¹ x) (eq. 2), normalised."""
    return generalised_gaussian(side, sigma, beta=1.0)


def generalised_gaussian(side: int, sigma: Kernel, beta: float) -> Kernel:
    """exp(−½ (xᵀ Σ⁻¹ x)^β) (section 3.2; Liu et al. 2020), normalised: pointed below β = 1, flat above."""
    return _normalised(np.exp(-0.5 * _distance(side, sigma) ** beta))


def plateau(side: int, sigma: Kernel, beta: float) -> Kernel:
    """1 ÷ (1 + (xᵀ Σ⁻¹ x)^β) (section 3.2), normalised."""
    return _normalised(1.0 / (1.0 + _distance(side, sigma) ** beta))


def sinc(side: int, cutoff: float) -> Kernel:
    """ω J₁(ω r) ÷ (2π r), the circular low pass of cutoff ω in radians a pixel (eq. 6), normalised: it rings.

    In the middle it is the limit ω² ÷ 4π.
    """
    x, y = _grid(side)
    radius = np.hypot(x, y)
    with np.errstate(invalid="ignore", divide="ignore"):
        kernel = cutoff * _bessel_j1(cutoff * radius) / (2.0 * math.pi * radius)
    kernel[side // 2, side // 2] = cutoff**2 / (4.0 * math.pi)
    return _normalised(kernel)


def _grid(side: int) -> tuple[Kernel, Kernel]:
    places = np.arange(side) - side // 2
    x, y = np.meshgrid(places.astype(float), places.astype(float))
    return x, y


def _distance(side: int, sigma: Kernel) -> Kernel:
    """xᵀ Σ⁻¹ x at every place."""
    x, y = _grid(side)
    inverse = np.linalg.inv(sigma)
    return np.asarray(inverse[0, 0] * x * x + 2.0 * inverse[0, 1] * x * y + inverse[1, 1] * y * y)


_TURNS = (np.arange(48) + 0.5) * (math.pi / 48)


def _bessel_j1(x: Kernel) -> Kernel:
    """J₁(x) = 1/π ∫ cos(τ − x sin τ) dτ over 0 … π, whose midpoint sum is exact to 1e-12 for x up to 60."""
    return np.asarray(np.cos(_TURNS - x[..., None] * np.sin(_TURNS)).mean(axis=-1))


def _normalised(kernel: Kernel) -> Kernel:
    return np.asarray(kernel / kernel.sum())
