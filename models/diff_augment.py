"""DiffAugment: a critic of few pictures never sees one twice the same (Zhao et al. 2020).

Real and painted pictures alike are changed before the critic sees them, while it learns and while it teaches:

    L_D = E[f_D(D(T(x)))] + E[f_D(D(T(G(z))))],   L_G = E[f_G(D(T(G(z))))]      (equations 4 and 5)

so that it cannot learn its few pictures by heart, and what is painted does not take on the changes. Gradients reach the
painter through T.
"""

from collections.abc import Collection
from typing import Literal, TypeAlias

import torch
from torch import Tensor

__all__ = ["AUGMENTATIONS", "Augmentation", "diff_augment"]

Augmentation: TypeAlias = Literal["colour", "translation", "cutout"]
AUGMENTATIONS: tuple[Augmentation, ...] = ("colour", "translation", "cutout")
"""In the order in which they happen."""

_SHIFT, _PATCH = 1 / 8, 1 / 2
"""Shares of a picture's side: how far it is moved at most, and how large the patch is that is covered."""
_EMPTY = 0.5
"""What comes in from outside, and what covers: mid-grey, the paper's 0 between black at −1 and white at 1."""


def diff_augment(pictures: Tensor, policy: Collection[Augmentation]) -> Tensor:
    """Change each of N×C×H×W pictures, 0–1, by chance of its own: torch's generator decides.

    Colour takes three channels; the others any number, so that pictures that belong together can be changed alike.
    """
    if "colour" in policy:
        pictures = _recoloured(pictures)
    if "translation" in policy:
        pictures = _moved(pictures)
    if "cutout" in policy:
        pictures = _covered(pictures)
    return pictures


def _recoloured(x: Tensor) -> Tensor:
    """Brightness ±½ of the paper's range of 2, saturation × 0–2, contrast × ½–1½, in this order."""
    brightness, saturation, contrast = torch.rand(3, len(x), 1, 1, 1, device=x.device, dtype=x.dtype)
    x = x + (brightness - 0.5) / 2
    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * (saturation * 2)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    made: Tensor = mean + (x - mean) * (contrast + 0.5)
    return made


def _moved(x: Tensor) -> Tensor:
    """Move by up to ⅛ of the side, either way in both directions."""
    count, _, height, width = x.shape
    down, across = (
        torch.randint(-most, most + 1, (count, 1), device=x.device)
        for most in (int(height * _SHIFT + 0.5), int(width * _SHIFT + 0.5))
    )
    rows = torch.arange(height, device=x.device) - down  # N×H: where each row comes from
    columns = torch.arange(width, device=x.device) - across  # N×W
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None]  # N×H×W
    which = torch.arange(count, device=x.device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[which, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None]]
    return torch.where(inside[:, None], moved.permute(0, 3, 1, 2), x.new_tensor(_EMPTY))


def _covered(x: Tensor) -> Tensor:
    """Cover a patch of half the side, which may reach beyond the border."""
    count, _, height, width = x.shape
    tall, wide = int(height * _PATCH + 0.5), int(width * _PATCH + 0.5)
    top = torch.randint(0, height + (1 - tall % 2), (count, 1), device=x.device) - tall // 2
    left = torch.randint(0, width + (1 - wide % 2), (count, 1), device=x.device) - wide // 2
    rows, columns = (torch.arange(side, device=x.device) for side in (height, width))
    covered = ((rows >= top) & (rows < top + tall))[:, :, None] & ((columns >= left) & (columns < left + wide))[:, None]
    return torch.where(covered[:, None], x.new_tensor(_EMPTY), x)
