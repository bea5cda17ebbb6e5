"""CIELAB: lightness L, 0–100, and two axes of colour, a (green to red) and b (blue to yellow), about ±100.

Equal distances look about equally different there, and lightness is apart from colour: a grey photo is L. The formula
is that of CIE 15 for sRGB's own white (D65, 2°), as OpenCV and the literature on colourising have it.
"""

import torch
from torch import Tensor

__all__ = ["chroma_within_gamut", "grey_of", "lab_from_rgb", "lightness_of", "rgb_from_lab"]

_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
"""Rows X, Y, Z of linear sRGB (ITU-R BT.709 primaries)."""
_WHITE = 0.950456, 1.0, 1.088754
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
_BISECTIONS = 8
_TOLERANCE = 0.5 / 65535
"""So far outside 0–1 a linear value may lie that is cut off: less than 16 bits can show."""


def lab_from_rgb(pictures: Tensor) -> Tensor:
    """N×3×H×W, sRGB, 0–1 → N×3×H×W: L, a, b. Differentiable."""
    white = pictures.new_tensor(_WHITE).view(3, 1)
    matrix = pictures.new_tensor(_TO_XYZ) / white
    x, y, z = _mixed(_linear(pictures), matrix).unbind(1)
    fx, fy, fz = (_f(value) for value in (x, y, z))
    return torch.stack([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], dim=1)


def rgb_from_lab(lab: Tensor) -> Tensor:
    """N×3×H×W: L, a, b → N×3×H×W, sRGB; what no screen can show lies outside 0–1. Differentiable."""
    return _encoded(_linear_from_lab(lab))


def lightness_of(pictures: Tensor) -> Tensor:
    """N×3×H×W, sRGB, 0–1 → N×1×H×W: L alone."""
    weights = pictures.new_tensor(_TO_XYZ[1]).view(1, 3, 1, 1)
    return 116.0 * _f((_linear(pictures) * weights).sum(dim=1, keepdim=True)) - 16.0


def grey_of(lightness: Tensor) -> Tensor:
    """N×1×H×W: L → N×1×H×W, 0–1: the sRGB grey of this lightness."""
    return _encoded(_inverse_f((lightness + 16.0) / 116.0))


@torch.no_grad()
def chroma_within_gamut(lab: Tensor) -> Tensor:
    """Shorten a and b as far as sRGB asks for, so that lightness and hue stay; N×3×H×W → the same.

    Eight bisections, in which only the pixels that do not fit take part.
    """
    flat = lab.transpose(0, 1).reshape(3, -1)  # 3×P
    outside = ~_fits(flat)
    if not outside.any():
        return lab
    those = flat[:, outside].clone()
    colours, low, high = those[1:].clone(), torch.zeros_like(those[0]), torch.ones_like(those[0])
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        those[1:] = colours * middle
        fits = _fits(those)
        low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
    those[1:] = colours * low
    made = flat.clone()
    made[:, outside] = those
    return made.reshape(3, lab.shape[0], *lab.shape[2:]).transpose(0, 1)


def _fits(lab: Tensor) -> Tensor:
    """3×P → P: whether sRGB has the colour."""
    linear = _linear_from_lab(lab[None, :, None])[0, :, 0]
    return ((linear >= -_TOLERANCE) & (linear <= 1.0 + _TOLERANCE)).all(dim=0)


def _linear_from_lab(lab: Tensor) -> Tensor:
    lightness, a, b = lab.unbind(1)
    fy = (lightness + 16.0) / 116.0
    xyz = torch.stack([_inverse_f(fy + a / 500.0), _inverse_f(fy), _inverse_f(fy - b / 200.0)], dim=1)
    # the inverse in double precision, so that there and back is itself
    inverse = torch.linalg.inv(torch.tensor(_TO_XYZ, dtype=torch.float64)) * torch.tensor(_WHITE, dtype=torch.float64)
    return _mixed(xyz, inverse.to(xyz))


def _mixed(pictures: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", matrix, pictures)


def _linear(encoded: Tensor) -> Tensor:
    """Undo sRGB's curve (IEC 61966-2-1)."""
    power = ((encoded.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(encoded <= 0.04045, encoded / 12.92, power)


def _encoded(linear: Tensor) -> Tensor:
    power = 1.055 * linear.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, power)


def _f(share: Tensor) -> Tensor:
    """Cube root of a share of white's light, with a straight end near black."""
    return torch.where(share > _EPSILON, share.clamp_min(_EPSILON) ** (1 / 3), (_KAPPA * share + 16.0) / 116.0)


def _inverse_f(value: Tensor) -> Tensor:
    cube = value**3
    return torch.where(cube > _EPSILON, cube, (116.0 * value - 16.0) / _KAPPA)
