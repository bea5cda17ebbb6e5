"""Where a painting starts (the optimisation's initial image), and how it grows from one size to the next, upsampled."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.fitting import fitted as fitted


def resize(image: Tensor, height: int, width: int) -> Tensor:
    """Resize 1×C×H×W smoothly: antialiased when it shrinks, bicubic when it grows, always within 0–1."""
    if image.shape[2:] == (height, width):
        return image
    if image.device.type == "mps":  # whose bicubic knows no antialiasing
        return resize(image.cpu(), height, width).to(image.device)
    resized = F.interpolate(image, (height, width), mode="bicubic", align_corners=False, antialias=True)
    return torch.clamp_(resized, 0.0, 1.0)


def size_of(image: Tensor) -> tuple[int, int]:
    """Return (height, width)."""
    return int(image.shape[-2]), int(image.shape[-1])


def cover(image: Tensor, height: int, width: int) -> Tensor:
    """Scale `image` to fill height×width, and cut off what stands over."""
    scale = max(height / image.shape[2], width / image.shape[3])
    scaled = resize(image, max(height, round(image.shape[2] * scale)), max(width, round(image.shape[3] * scale)))
    top, left = (scaled.shape[2] - height) // 2, (scaled.shape[3] - width) // 2
    return scaled[:, :, top : top + height, left : left + width].contiguous()


def soft_noise(colours_of: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Median-filtered, smoothed noise with the mean and covariance of the colours of a picture.

    A network sees in plain noise only its own finest filters, and optimisation then hardly moves.
    """
    noise = torch.randn(1, 3, height, width, generator=generator)
    noise = gaussian_blur(median_filter(noise), sigma=1.0)
    noise = (noise - noise.mean(dim=(2, 3), keepdim=True)) / noise.std(dim=(2, 3), keepdim=True)
    pixels = colours_of.detach().to("cpu", torch.float32).flatten(2)[0]  # 1×3×h×w → 3×hw
    mean = pixels.mean(dim=1)  # 3×hw → 3
    # Cholesky of the covariance, with a little grey noise so that a picture of one colour has one too
    mixing: Tensor = torch.linalg.cholesky(torch.cov(pixels) + 1e-4 * torch.eye(3))
    coloured: Tensor = (mixing @ noise.flatten(2)[0]).view_as(noise) + mean.view(1, 3, 1, 1)  # 3×3 · 3×HW → 1×3×H×W
    return coloured.clamp_(0.0, 1.0)


def median_filter(image: Tensor, size: int = 3) -> Tensor:
    """The median of every size×size neighbourhood."""
    padded = F.pad(image, [size // 2] * 4, mode="reflect")
    columns = padded.unfold(2, size, 1).unfold(3, size, 1)  # N×C×H×W → N×C×H×W×size×size
    median: Tensor = columns.flatten(4).median(dim=4).values  # → N×C×H×W
    return median


def gaussian_blur(image: Tensor, sigma: float) -> Tensor:
    """Blur with a Gaussian, borders reflected."""
    radius = min(math.ceil(3.0 * sigma), min(image.shape[2:]) - 1)
    places = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-0.5 * (places / sigma) ** 2)
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
    channels = image.shape[1]
    blurred = F.conv2d(
        F.pad(image, [radius, radius, 0, 0], mode="reflect"), kernel.expand(channels, 1, 1, -1), groups=channels
    )
    return F.conv2d(
        F.pad(blurred, [0, 0, radius, radius], mode="reflect"),
        kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1),
        groups=channels,
    )


def without_checkerboard(image: Tensor) -> Tensor:
    """Filter with [1 2 1]/4 along both axes: the period of two pixels, at which strided layers leave traces, goes."""
    padded = F.pad(image, [1, 1, 1, 1], mode="replicate")
    rows = padded[..., :-2, :] + 2.0 * padded[..., 1:-1, :] + padded[..., 2:, :]
    return (rows[..., :-2] + 2.0 * rows[..., 1:-1] + rows[..., 2:]).mul_(1.0 / 16.0)


def grow(painting: Tensor, photo: Tensor | None, height: int, width: int) -> Tensor:
    """Take a painting to the next size.

    Args:
        painting: 1×3×h×w.
        photo: the photo at the new size, where the painting started from it: its finest band (Burt & Adelson 1983),
            which the small painting could not hold, is added. None leaves the painting smooth.
        height: new height.
        width: new width.

    """
    grown = resize(painting, height, width)
    if photo is None:
        return grown
    coarse = resize(resize(photo, *size_of(painting)), height, width)
    return (grown + (photo - coarse)).clamp_(0.0, 1.0)
