"""“Make it look like this scan”: what a scan's pixels tell of its damage, as a degradation recipe.

Simple statistics, each with its source; none needs the undamaged picture. Each is a number that the recipe's own
degradation would have been drawn with, so that a photo degraded by it comes out with about the same statistics.
"""

import math
from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from models.degradation_ageing import BlackAndWhite, Fading, Grain, Toning, luma
from models.degradation_steps import Bytes, Colours, Degradation, Plane, Span
from models.degradation_web import Blur, Jpeg, Noise
from models.degradations import DegradationRecipe
from models.textures import blurred

__all__ = ["ScanStatistics", "recipe_like", "statistics_of"]

_REBLUR = 1.0
_LARGEST = 1024
"""Longer sides are cut to the middle: pixels tell of blur and noise, so nothing may be resized."""
_COLOURLESS, _TONED = 0.012, 0.02
_SEEN_NOISE, _NOISY, _CLUMPED = 1.5, 3.0, 0.15
_DEEPEST = 2.2
"""The density of black on paper, as in `faded`."""
_PAPER = np.array([0.02, 0.06, 0.20])
_QUALITIES = tuple(range(20, 96, 5))


@dataclass(frozen=True, slots=True)
class ScanStatistics:
    """What is measured of a scan.

    Attributes:
        blur: standard deviation of the blur in pixels, at the sharpest edges.
        noise: standard deviation of the noise in flat places, of 255.
        clump: correlation of neighbouring noise, 0 for white noise: grain clumps, sensors do not.
        grey_noise: whether the noise is the same in all colours.
        black: density of the deepest tone in red, green and blue.
        white: density of the brightest.
        colourless: whether its colours are a function of its brightness alone.
        hue: of the tone of such a picture, in degrees; 0 where it has none.
        chroma: how strong that tone is in the middle greys, 0–1.
        quality: of the JPEG file that it went through; None where no trace is left.

    """

    blur: float
    noise: float
    clump: float
    grey_noise: bool
    black: tuple[float, float, float]
    white: tuple[float, float, float]
    colourless: bool
    hue: float
    chroma: float
    quality: int | None


def statistics_of(scan: Bytes) -> ScanStatistics:
    """Measure a scan, H×W×3 sRGB bytes."""
    height, width = scan.shape[:2]
    top, left = max(0, (height - _LARGEST) // 16 * 8), max(0, (width - _LARGEST) // 16 * 8)  # on JPEG's grid
    part = np.ascontiguousarray(scan[top : top + _LARGEST, left : left + _LARGEST, :3])
    colours = part.astype(np.float32) / np.float32(255)
    noise, clump, grey = _noise_of(colours)
    colourless, hue, chroma = _tone_of(colours)
    low, high = (_density_at(colours, share) for share in (0.1, 99.8))
    return ScanStatistics(
        _blur_of(luma(colours), noise), noise, clump, grey, low, high, colourless, hue, chroma, _quality_of(part)
    )


def recipe_like(scan: Bytes) -> DegradationRecipe:
    """Return a recipe that makes photos look like this scan: every range lies closely around what was measured."""
    found = statistics_of(scan)
    steps: list[Degradation] = []
    if found.blur > 0.45:
        steps.append(Blur(sigma=_around(found.blur, 0.1, 8.0), shapes=(1, 0, 0, 0, 0, 0), sinc=0.0))
    if found.colourless:
        steps.append(BlackAndWhite(film=(-0.4, 0.2)))
    steps += _faded_like(found)
    if found.colourless and found.chroma > _TONED:
        strength = _around(found.chroma / 0.6, 0.0, 1.0)
        steps.append(Toning(amount=(1.0, 1.0), hue=_around(found.hue, 0.0, 60.0, 0.1), strength=strength))
    steps += _noisy_like(found, min(scan.shape[:2]))
    if found.quality is not None:
        steps.append(Jpeg(quality=(max(1, found.quality - 3), min(100, found.quality + 3))))
    return DegradationRecipe.model_validate({"steps": [step.model_dump() for step in steps]})


def _noisy_like(found: ScanStatistics, short_side: int) -> list[Degradation]:
    """Return grain where the noise clumps more than a file makes it clump, else even noise, else nothing."""
    if found.noise <= _SEEN_NOISE:
        return []
    sigma, clump = _before_the_file(found.noise, found.quality, 0.0)
    if found.noise <= _NOISY or found.clump <= clump + _CLUMPED:
        return [Noise(gaussian=1.0, sigma=_around(sigma, 0.0, 100.0), grey=float(found.grey_noise))]
    # neighbours in noise blurred by a Gaussian of σ have the correlation exp(−1 ÷ 4σ²)
    pixels = 0.5 / math.sqrt(-math.log(min(found.clump, 0.98)))
    sigma, _ = _before_the_file(found.noise, found.quality, pixels)
    size = _around(pixels * 500 / short_side, 0.3, 4.0)
    return [Grain(amount=_around(sigma / 255, 0.0, 0.4), size=size, colour=0.0)]


def _before_the_file(noise: float, quality: int | None, size: float) -> tuple[float, float]:
    """Return how strong noise was before a JPEG of this quality took a part of it, and how it clumps after: tried out.

    Args:
        noise: its standard deviation now, of 255.
        quality: of the file; None leaves it as it is.
        size: of its clumps in pixels, 0 for white noise.

    """
    white = np.random.default_rng(0).standard_normal((128, 128), dtype=np.float32)
    if size:
        white = blurred(white, size)
        white /= white.std()
    if quality is None:
        return noise, _correlation(white)
    tried, left, clumps = noise * np.array([1.0, 1.3, 1.7, 2.2, 3.0, 4.0]), [], []
    for sigma in tried:
        paper = np.clip(128 + sigma * white, 0, 255).astype(np.uint8)
        file = BytesIO()
        Image.fromarray(paper).save(file, "JPEG", quality=quality)
        opened = np.asarray(Image.open(file), np.float32) - 128
        left.append(float(opened.std()))
        clumps.append(_correlation(opened))
    return float(np.interp(noise, left, tried)), float(np.interp(noise, left, clumps))


def _correlation(noise: Plane) -> float:
    """Return how far neighbours go together, over rows and columns of N×H×W or H×W."""
    near = float((noise[..., 1:] * noise[..., :-1]).mean() + (noise[..., 1:, :] * noise[..., :-1, :]).mean()) / 2
    return near / (float((noise * noise).mean()) + 1e-12)


def _around(value: float, least: float, most: float, share: float = 0.15) -> Span:
    """Return a narrow range around a value."""
    ends = (min(max(value * factor, least), most) for factor in (1.0 - share, 1.0 + share))
    low, high = (round(end, 3) for end in ends)
    return low, high


def _faded_like(found: ScanStatistics) -> list[Degradation]:
    """Turn black and white points into what `faded` is made of: its formulas, solved for their amounts."""
    white = np.array(found.white)
    # only blue tells of yellow paper; a toned print is yellow by its toning
    yellowing = 0.0 if found.colourless and found.chroma > _TONED else max(0.0, float(white[2] - white[0])) / 0.18
    kept = np.clip((np.array(found.black) - min(yellowing, 1.0) * _PAPER) / _DEEPEST, 0.05, 1.0)
    lost = 1.0 - kept
    amount = float(lost[1])
    cast = 0.0
    if not found.colourless and amount > 0.02:
        cast = min(max(float(lost[0] - lost[1]) / max(amount * (1.0 - amount), 1e-3), 0.0), 1.0)
    if amount < 0.25 and yellowing < 0.1:  # the shadows of a sound photo are not deeper
        return []
    return [
        Fading(
            amount=_around(amount, 0.0, 0.95), cast=_around(cast, 0.0, 1.0),
            yellowing=_around(min(yellowing, 1.0), 0.0, 1.0), uneven=(0.0, 0.15),
        )
    ]  # fmt: skip


def _blur_of(grey: Plane, noise: float) -> float:
    """Blur again, and see by how much edges lose (Zhuo and Sim 2011, eq. 5): σ = σ₀ ÷ √(R² − 1).

    R is the ratio of an edge's slopes before and after; the median of the steepest edges counts. What steadies the
    slopes where there is noise is taken off again, with what edges have in sharp photos (found on blurred ones:
    within a quarter for 0.8 to 2.5 px; strong noise hides wide blurs).
    """
    steadying, sharp = (0.7, 0.35) if noise < _NOISY else (1.2, 1.15)
    smooth = blurred(grey, steadying)
    slopes, after = _slope(smooth), _slope(blurred(smooth, _REBLUR))
    steep = slopes > max(float(np.percentile(slopes, 99)), 1e-3)
    ridge = steep & (slopes >= cv2.dilate(slopes, np.ones((3, 3), np.uint8)) - 1e-7)
    if not ridge.any():
        return 0.0
    ratio = slopes[ridge] / np.maximum(after[ridge], 1e-6)
    sigmas = _REBLUR / np.sqrt(np.maximum(ratio * ratio - 1.0, 1e-3))
    return math.sqrt(max(0.0, float(np.median(sigmas)) ** 2 - sharp))


def _slope(grey: Plane) -> Plane:
    return np.asarray(
        np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)), np.float32
    )


def _noise_of(colours: Colours) -> tuple[float, float, bool]:
    """Look at the flattest blocks of 16 × 16: what is left of them beside a plane is noise.

    Returns its standard deviation of 255, the correlation of neighbours, and whether the three colours share it.
    """
    side = 16
    rows, columns = colours.shape[0] // side, colours.shape[1] // side
    if rows * columns < 4:
        return 0.0, 0.0, True
    blocks = colours[: rows * side, : columns * side].reshape(rows, side, columns, side, 3)
    blocks = blocks.transpose(0, 2, 1, 3, 4).reshape(-1, side, side, 3)
    mean = blocks.mean(axis=(1, 2, 3))
    blocks = blocks[(mean > 0.08) & (mean < 0.95)]  # what is clipped has no noise
    if len(blocks) < 4:
        return 0.0, 0.0, True
    rest = blocks - _planes(blocks)
    spread = rest.std(axis=(1, 2)).mean(axis=1)
    flat = rest[np.argsort(spread)[: max(4, len(spread) // 20)]]
    grey = luma(flat.reshape(-1, side, 3)).reshape(flat.shape[:3])
    power = float((grey * grey).mean()) + 1e-12
    shared = power / (float((flat * flat).mean()) + 1e-12)
    return 255 * float(flat.std()), _correlation(grey), shared > 0.75


def _planes(blocks: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> Colours:
    """Fit a sloping plane to each block and colour."""
    side = blocks.shape[1]
    ramp = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / math.sqrt((side * side - 1) / 12)
    down = (blocks * ramp[None, :, None, None]).mean(axis=(1, 2), keepdims=True) * ramp[None, :, None, None]
    across = (blocks * ramp[None, None, :, None]).mean(axis=(1, 2), keepdims=True) * ramp[None, None, :, None]
    return np.asarray(blocks.mean(axis=(1, 2), keepdims=True) + down + across, np.float32)


def _density_at(colours: Colours, share: float) -> tuple[float, float, float]:
    """Return −log₁₀ of each colour at this percentile of its own, slightly blurred so that noise does not count."""
    values = np.percentile(blurred(colours, 0.8).reshape(-1, 3), share, axis=0)
    red, green, blue = -np.log10(np.maximum(values, 10**-_DEEPEST))
    return float(red), float(green), float(blue)


def _tone_of(colours: Colours) -> tuple[bool, float, float]:
    """Tell whether colour follows brightness alone, and which tone that is: hue in degrees, and strength."""
    smooth = blurred(colours, 2.0)
    grey = luma(smooth)
    chroma = smooth - grey[..., None]
    level = np.clip((grey * 32).astype(int), 0, 31).ravel()
    counts = np.maximum(np.bincount(level, minlength=32), 1)
    flat = chroma.reshape(-1, 3)
    usual = np.stack([np.bincount(level, flat[:, c], 32) / counts for c in range(3)], axis=1)
    colourless = float(np.abs(flat - usual[level]).mean()) < _COLOURLESS
    middle = (grey > 0.3) & (grey < 0.7)
    red, green, blue = chroma[middle].mean(axis=0) if middle.any() else (0.0, 0.0, 0.0)
    strength = float(red - blue)
    if not colourless or strength < 1e-3:
        return colourless, 0.0, max(0.0, strength) if colourless else 0.0
    return True, 60.0 * min(max(float(green - blue) / strength, 0.0), 1.0), strength


def _quality_of(part: Bytes) -> int | None:
    """Save the scan at every quality: at its own it changes least (JPEG ghosts, Farid 2009).

    The change falls evenly with quality but for that dip. None where no dip is deep enough.
    """
    part = part[:512, :512]
    changes = []
    for quality in _QUALITIES:
        file = BytesIO()
        Image.fromarray(part).save(file, "JPEG", quality=quality)
        changes.append(float(np.mean((np.asarray(Image.open(file)).astype(np.float32) - part) ** 2)))
    between = np.sqrt(np.array(changes[:-2]) * np.array(changes[2:])) + 1e-3
    depth = np.array(changes[1:-1]) / between
    deepest = int(depth.argmin())
    return _QUALITIES[deepest + 1] if depth[deepest] < 0.8 else None
