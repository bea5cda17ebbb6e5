"""Colours told by code points in place of a profile (ITU-T H.273): in PNG's cICP chunk and AVIF's colr box.

Phones and screenshots of wide or HDR screens are told so.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.icc import light_of_srgb, rgb_profile
from studio.core.picture_metadata import PNG_SIGNATURE

__all__ = ["profile_in"]

_Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_D65 = (0.3127, 0.329)
_PRIMARIES = {
    1: (*_D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),  # BT.709, sRGB
    9: (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),  # BT.2020
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),  # Display P3
}
"""x, y of white, red, green and blue (H.273, table 2)."""
_WHITE_NITS = 203.0
"""What white paper has in HDR pictures (ITU-R BT.2408); what is brighter is clipped, as of any highlight."""


def _perceptual_quantizer(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return light, 1 for white paper, of SMPTE ST 2084's values."""
    power = value ** (1 / 78.84375)
    nits = 10_000.0 * (np.maximum(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    return nits / _WHITE_NITS


def _hybrid_log_gamma(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return light, 1 for white paper (at 75 %), of ARIB STD-B67's values on a display of 1,000 nits."""

    def shown(value: NDArray[np.float64]) -> NDArray[np.float64]:
        scene = np.where(value <= 0.5, value**2 / 3.0, (np.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12.0)
        return np.asarray(scene**1.2)

    return shown(value) / shown(np.array(0.75))


_CURVES: Mapping[int, _Curve] = {
    4: lambda value: value**2.2,
    5: lambda value: value**2.8,
    8: lambda value: value,
    16: _perceptual_quantizer,
    18: _hybrid_log_gamma,
} | dict.fromkeys((1, 6, 13, 14, 15), light_of_srgb)
"""Value → light (H.273, table 3). Those of television are shown as sRGB, as browsers do."""


def profile_in(data: bytes) -> bytes | None:
    """Return a profile of what a PNG's or AVIF's code points mean; None where they mean sRGB, or there are none."""
    if data.startswith(PNG_SIGNATURE):
        place = data.find(b"cICP", 0, data.find(b"IDAT"))
        points: tuple[Any, ...] = struct.unpack_from(">BB", data, place + 4) if place > 0 else ()
    elif data[4:8] == b"ftyp" and (place := data.find(b"colrnclx")) > 0 and place + 12 <= len(data):
        points = struct.unpack_from(">HH", data, place + 8)
    else:
        return None
    if not points or points[0] not in _PRIMARIES or points[1] not in _CURVES:
        return None
    curve = _CURVES[points[1]]
    if points[0] == 1 and curve is light_of_srgb:
        return None
    return rgb_profile(_PRIMARIES[points[0]], curve(np.linspace(0.0, 1.0, 4096)))
