"""A photo's line drawing: extended difference of Gaussians (Winnemöller, Kyprianidis, Olsen 2012).

Edges → picture is learnt from the same machinery as repair: what is taken away here is everything but the lines.
"""

from typing import ClassVar, Literal

import cv2
import numpy as np

from models.degradation_ageing import luma
from models.degradation_plate import Plate
from models.degradation_steps import Chance, Degradation, Plane, Span, chance_of, span
from models.textures import blurred

__all__ = ["LineDrawing", "drawn"]

_RATIO = 1.6
"""k: how much wider the second Gaussian is; with 1.6 their difference is nearly a Laplacian (Marr, Hildreth 1980)."""


class LineDrawing(Degradation):
    """Dark lines on white paper."""

    title: ClassVar[str] = "Line drawing"
    help: ClassVar[str] = "Leaves only the lines, as a pen would draw them."

    kind: Literal["line_drawing"] = "line_drawing"
    sigma: Span = span(
        0.7, 1.2, label="Line width", help="In a picture with a short side of 500.",
        least=0.4, most=6.0, unit="px", step=0.1)  # fmt: skip
    detail: Span = span(
        15.0, 25.0, label="Detail", help="More also draws what is faint.", least=1.0, most=60.0, step=1.0)  # fmt: skip
    softness: Span = span(
        1.5, 6.0, label="Hardness", help="Low is a soft pencil, high is ink.",
        least=1.0, most=100.0, step=1.0)  # fmt: skip
    shadows: float = chance_of(0.0, label="Black shadows", help="How often dark places are filled in.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Draw."""
        sigma = max(0.4, chance.between("sigma", self.sigma) * plate.unit)
        detail, softness = chance.between("detail", self.detail), chance.between("softness", self.softness)
        shadows = chance.happens(self.shadows, "shadows")
        lines = drawn(luma(plate.colours), sigma, detail, softness, shadows=shadows)
        plate.colours = np.asarray(cv2.cvtColor(lines, cv2.COLOR_GRAY2RGB), np.float32)


def drawn(grey: Plane, sigma: float, detail: float, softness: float, *, shadows: bool = False) -> Plane:
    """Return the drawing of a grey picture, H×W, 0–1.

    S = (1 + p) G_σ − p G_kσ (eq. 7), and T(S) = 1 where S ≥ ε, else 1 + tanh(φ (S − ε)) (eq. 5): p is `detail`, φ is
    `softness`, ε = 0.5 draws shadows black. Without shadows S is that of the differences alone, on mid-grey, so that
    only lines are left: 1 + p (G_σ − G_kσ).
    """
    near = blurred(grey, sigma)
    far = blurred(grey, sigma * _RATIO)
    sharpened = detail * (near - far) + (near if shadows else np.float32(1.0))
    level = np.float32(0.5 if shadows else 1.0 - 0.12)
    return np.asarray(np.where(sharpened >= level, 1.0, 1.0 + np.tanh(softness * (sharpened - level))), np.float32)
