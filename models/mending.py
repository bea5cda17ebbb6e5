"""What an enhancer learns to take away: noise, JPEG's blocks and some blur, as strong as it is told they are."""

from models.degradation_web import Blur, Jpeg, Noise
from models.degradations import DegradationRecipe
from models.noise import WORST_SIGMA

__all__ = ["mending"]

_BEST, _GOOD, _POOR = 98.0, 55.0, 78.0
"""JPEG's best quality, and how much worse it is at strength 1, at least and at most."""


def mending(strength: float, *, noise: float = 0.75, jpeg: float = 0.6) -> DegradationRecipe:
    """Return what does a damage of a strength, 0–1: at 0 next to none, at 1 noise of σ 40 and JPEG of quality 20.

    The noise of a strength is nearly always the same, so that the network can believe what it is told; its kind, and
    the JPEG's quality, vary.

    Args:
        strength: 0–1.
        noise: its probability.
        jpeg: its probability.

    """
    sigma = 255.0 * WORST_SIGMA * strength
    worst, best = max(1.0, _BEST - _POOR * strength), _BEST - _GOOD * strength
    return DegradationRecipe(
        name="mend",
        steps=(
            Blur(probability=0.2, sigma=(0.2, 0.2 + 1.2 * strength), sinc=0.0),
            Noise(probability=noise, gaussian=0.8, sigma=(0.7 * sigma, sigma), photons=(1.5 * strength, 2.5 * strength),
                  grey=0.25),
            Jpeg(probability=jpeg, quality=(round(worst), round(best))),
        ),
    )  # fmt: skip
