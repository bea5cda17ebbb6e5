"""How near a picture is to another: PSNR and SSIM, of luma as the literature on enlarging measures them."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

__all__ = ["chroma_drift", "luma", "psnr", "ssim"]

_LUMA = (65.481, 128.553, 24.966)
"""Of red, green and blue (ITU-R BT.601, as MATLAB's `rgb2ycbcr` has it); black is 16, white 235."""
_CHROMA = ((-37.797, -74.203, 112.0), (112.0, -93.786, -18.214))
"""Of the same, C_b and C_r: how blue and how red it is."""
_BLOCK = 16
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def luma(pictures: Tensor) -> Tensor:
    """N×3×H×W, 0–1 → N×1×H×W, 16/255 – 235/255."""
    weights = pictures.new_tensor(_LUMA).view(1, 3, 1, 1)
    return ((pictures * weights).sum(dim=1, keepdim=True) + 16.0) / 255.0


def psnr(made: Tensor, wanted: Tensor, *, border: int = 0) -> Tensor:
    """Return 10 log₁₀(1 ÷ mean squared error) of luma for each picture, in dB: N.

    Args:
        made: N×3×H×W; rounded to 8 bits first, as it would be saved.
        wanted: the same shape, 0–1.
        border: pixels that do not count on each side; by custom the scale of an enlargement.

    """
    made = made.clamp(0.0, 1.0).mul(255.0).round().div(255.0)
    difference = luma(made) - luma(wanted)
    if border:
        difference = difference[:, :, border:-border, border:-border]
    error = difference.square().mean(dim=(1, 2, 3))
    return -10.0 * torch.log10(error.clamp_min(1e-10))


def ssim(made: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean structural similarity of each picture, N: at most 1 (Wang et al. 2004, eq. 13; differentiable).

    Both N×C×H×W, 0–1, at least 11 pixels a side. The windows are Gaussian, 11×11 with σ 1.5, within the picture.
    """
    channels = made.shape[1]
    offsets = torch.arange(_WINDOW, dtype=made.dtype, device=made.device) - _WINDOW // 2
    bell = torch.exp(-offsets.square() / (2 * _SIGMA**2))
    bell = (bell / bell.sum()).expand(channels, 1, -1)

    def mean(x: Tensor) -> Tensor:
        across = F.conv2d(x, bell.unsqueeze(2), groups=channels)
        return F.conv2d(across, bell.unsqueeze(3), groups=channels)

    mean_made, mean_wanted = mean(made), mean(wanted)
    variance_made = mean(made.square()) - mean_made.square()
    variance_wanted = mean(wanted.square()) - mean_wanted.square()
    covariance = mean(made * wanted) - mean_made * mean_wanted
    light = (2 * mean_made * mean_wanted + _C1) / (mean_made.square() + mean_wanted.square() + _C1)
    structure = (2 * covariance + _C2) / (variance_made + variance_wanted + _C2)
    return (light * structure).mean(dim=(1, 2, 3))


def chroma_drift(made: Tensor, wanted: Tensor) -> Tensor:
    """Return by how many levels of 255 the colours of each picture are off on average, wherever detail is: N.

    Measured on means over blocks of 16×16 pixels, so that a cast or a blotch counts, and a shifted edge does not. Both
    N×3×H×W, 0–1.
    """
    difference = F.avg_pool2d(made.clamp(0.0, 1.0) - wanted, min(_BLOCK, *wanted.shape[2:]))
    weights = difference.new_tensor(_CHROMA)[:, :, None, None]
    return F.conv2d(difference, weights).abs().mean(dim=(1, 2, 3))
