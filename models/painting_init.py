"""Where a painting starts (the optimisation's initial image), and how it grows from one size to the next, upsampled."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.fitting import fitted as fitted

KEPT_WITHIN = 3.0
"""Deviation of the neighbourhood, px, in which it is seen how much of the photo's detail a painting has kept."""
MOST_KEPT = 1.5
"""Detail is made no stronger than this many times the photo's."""
_FAINT = 2e-4
"""Detail whose mean square lies below this is the photo's noise."""
_TINY = 1e-5
GRAIN = 0.8
"""Deviation of the grain in a grown painting ÷ that of its strokes around: what is sharp loses so much an octave."""
_GEOMETRIC = 0.53
"""Root of the geometric mean of squares ÷ root of their mean, where they are normally distributed."""
_GRAINLESS = 1e-6
"""Mean square that is taken for no strokes at all: a third of the step between two of 256 values."""
_GRAIN_WITHIN = 0.7
_DETAILED = 2.0 / 255
"""Deviation of a photo's finest band around a place at which it gets half as much grain."""
"""Deviation of the blur that keeps grain free of the period of two pixels, px."""


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


def grow(painting: Tensor, photo: Tensor | None, height: int, width: int, *, paints_detail: bool = False) -> Tensor:
    """Take a painting to the next size.

    Args:
        painting: 1×3×h×w.
        photo: the photo at the new size, where the painting started from it: its finest band (Burt & Adelson 1983),
            which the small painting could not hold, is added. None leaves the painting smooth.
        height: new height.
        width: new width.
        paints_detail: add that band as far as the painting has kept the next coarser one, place by place. Added in
            full, it draws hairlines beside contours that paint has moved or softened, and fur and leaves look
            photographed. Version 0.1 did that.

    """
    grown = resize(painting, height, width)
    if photo is None or (paints_detail and max(height, width) <= max(size_of(painting))):
        return grown  # where memory ran out, a painting becomes smaller: it has all the detail that there is room for
    small = resize(photo, *size_of(painting))
    detail = photo - resize(small, height, width)
    if paints_detail:
        kept = F.interpolate(_kept(painting, small), (height, width), mode="bilinear", align_corners=False)
        detail = kept * luma(detail)  # 1×3×H×W · 1×1×H×W
    return (grown + detail).clamp_(0.0, 1.0)


def grained(grown: Tensor, painting: Tensor, photo: Tensor | None) -> Tensor:
    """Add to a painting that has grown the grain which its new finest octave can be painted from.

    Enlarging leaves that octave with nothing but traces of the small painting's rows and columns, and optimisation
    makes of what it finds: horizontal and vertical hatching, above all where the photo is plain. Noise knows no
    direction. It is as strong as the strokes around it are, so that what is plain stays plain; beside a contour that
    stands alone a geometric mean finds no strokes. Where the photo has detail of that octave itself, grain would only
    crumble it: petals and columns came out as specks.

    Args:
        grown: 1×3×H×W.
        painting: what it has grown from, 1×3×h×w.
        photo: at the new size, 1×3×H×W; None where the painting does not follow one.

    """
    height, width = size_of(grown)
    strokes = (
        gaussian_blur((luma(_finest_band(painting)).square() + _GRAINLESS).log(), KEPT_WITHIN).exp().sqrt()
    )  # 1×1×h×w
    strokes = F.interpolate(strokes, (height, width), mode="bilinear", align_corners=False) / _GEOMETRIC
    noise = torch.randn(1, 1, height, width, generator=torch.Generator().manual_seed(0)).to(grown)
    noise = gaussian_blur(noise, _GRAIN_WITHIN)
    if photo is not None:
        strokes = strokes / (1.0 + gaussian_blur(luma(_finest_band(photo)).square(), KEPT_WITHIN) / _DETAILED**2)
    return (grown + GRAIN / noise.std() * strokes * noise).clamp_(0.0, 1.0)


def _kept(painting: Tensor, photo: Tensor) -> Tensor:
    """Return how much of the lightness in the photo's finest band each colour of the painting has kept, 1×3×h×w.

    Around each place the slope of a regression, as in a guided filter (He, Sun & Tang 2013, eq. 5) but of bands, times
    the correlation of the two: contours are kept whole, what only shimmers through strokes becomes faint.
    """
    guide, band = luma(_finest_band(photo)), _finest_band(painting)
    energy = gaussian_blur(guide.square(), KEPT_WITHIN) + _FAINT  # 1×1×h×w
    common = gaussian_blur(guide * band, KEPT_WITHIN).clamp_min_(0.0)  # 1×3×h×w
    correlation = common / (energy * (gaussian_blur(band.square(), KEPT_WITHIN) + _TINY)).sqrt()
    return (common / energy).clamp_max_(MOST_KEPT).mul_(correlation)


def luma(image: Tensor) -> Tensor:
    """Y (Rec. 709), 1×3×H×W → 1×1×H×W."""
    return (image * image.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def _finest_band(image: Tensor) -> Tensor:
    """What 1×3×H×W holds that half its size cannot."""
    height, width = size_of(image)
    return image - resize(resize(image, max(1, round(height / 2)), max(1, round(width / 2))), height, width)


def recoloured(image: Tensor, references: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Give a picture the colours of others: their mean and covariance, by the map that moves colours the least.

    Args:
        image: 1×3×H×W.
        references: each 1×3×h×w.
        shares: what each of them counts; they sum to 1.

    """
    mean, covariance = image.new_zeros(3), image.new_zeros(3, 3)
    for reference, share in zip(references, shares, strict=True):
        own_mean, own_covariance = _colours(reference)
        mean = mean + share * own_mean
        covariance = covariance + share * (own_covariance + torch.outer(own_mean, own_mean))  # second moments add up
    covariance = covariance - torch.outer(mean, mean)
    own_mean, own_covariance = _colours(image)
    turned = _colour_map(own_covariance, covariance) @ (image.flatten(2)[0] - own_mean[:, None]) + mean[:, None]
    return turned.view_as(image).clamp_(0.0, 1.0)


def _colours(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (3) and covariance (3×3) of the colours of 1×3×H×W."""
    pixels = image.flatten(2)[0]  # 3×HW
    return pixels.mean(dim=1), torch.cov(pixels, correction=0)


def _colour_map(source: Tensor, target: Tensor) -> Tensor:
    """The linear Monge–Kantorovich map of covariance A to B: A^-½ (A^½ B A^½)^½ A^-½ (Pitié & Kokaram 2007, eq. 9)."""
    grain = 1e-5 * torch.eye(3, dtype=source.dtype)  # a picture of one colour has a covariance too
    root = _square_root(source.cpu() + grain)
    inverse = torch.linalg.inv(root)
    moved: Tensor = inverse @ _square_root(root @ (target.cpu() + grain) @ root) @ inverse
    return moved.to(source.device)


def _square_root(matrix: Tensor) -> Tensor:
    """The symmetric square root of a positive 3×3."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors @ torch.diag(values.clamp_min(0.0).sqrt()) @ vectors.T
    return root
