"""What cameras and the web do to pictures: blur, resize, noise, JPEG, as Real-ESRGAN published it (Wang et al. 2021).

The numbers are those of `options/train_realesrgan_x4plus.yml`; the second time is the same with other numbers. Two
things differ: JPEG is a real file rather than a differentiable likeness, and the order of a pair's two random halves.
"""

import math
from typing import ClassVar, Literal

import cv2
import numpy as np
from PIL import Image
from pydantic import Field

from models import blur_kernels
from models.degradation_plate import Plate, Sampling
from models.degradation_steps import Bytes, Chance, Colours, Degradation, Probability, Span, chance_of, span

__all__ = ["Blur", "Jpeg", "Noise", "Rescale", "Shrink", "Wrapping", "add_noise", "shot_noise"]

_SAMPLINGS: tuple[Sampling, ...] = ("area", "bilinear", "bicubic")
_WIDE_KERNEL = 13
"""From here on a lens may cut off at π/5 instead of π/3."""
_SHAPES = ("round", "oval", "generalised round", "generalised oval", "plateau round", "plateau oval")
_FEW_PHOTONS = 8.0
_UNSEEN = 5e-4
"""Of a kernel's mass: an eighth of the step between two bytes, at the most."""


class Blur(Degradation):
    """A kernel of random shape: mostly Gaussian, sometimes pointed or flat, sometimes a lens that rings."""

    title: ClassVar[str] = "Blur"
    help: ClassVar[str] = "Out of focus, or moved: soft all over."

    kind: Literal["blur"] = "blur"
    sigma: Span = span(
        0.2, 3.0, label="Width", help="Standard deviation of the blur.",
        least=0.1, most=8.0, unit="px", step=0.1)  # fmt: skip
    shapes: tuple[Probability, Probability, Probability, Probability, Probability, Probability] = (
        0.45, 0.25, 0.12, 0.03, 0.12, 0.03)  # fmt: skip
    """How often round, oval; generalised round, oval; plateau round, oval."""
    pointed: Span = span(
        0.5, 4.0, label="Shape", help="Below 1 a generalised Gaussian is pointed, above it is flat.",
        least=0.2, most=8.0, step=0.1)  # fmt: skip
    flat: Span = span(
        1.0, 2.0, label="Plateau", help="How steeply a plateau ends.", least=0.5, most=8.0, step=0.1)  # fmt: skip
    sinc: float = chance_of(0.1, label="Ringing lens", help="How often it is a sharp cut-off, which rings at edges.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Convolve with what is drawn."""
        plate.colours = convolved(plate.colours, self.kernel(chance))

    def kernel(self, chance: Chance) -> blur_kernels.Kernel:
        """Draw a kernel of odd side, 7 to 21."""
        side = _side(chance)
        if chance.happens(self.sinc, "sinc"):
            lowest = math.pi / (3 if side < _WIDE_KERNEL else 5)
            return blur_kernels.sinc(side, chance.between("cutoff", (lowest, math.pi)))
        shape = chance.one_of("shape", _SHAPES, self.shapes)
        first, second = chance.between("sigma", self.sigma), chance.between("", self.sigma)
        angle = chance.between("", (-math.pi, math.pi))
        if shape.endswith("oval"):
            chance.drawn |= {"sigma_2": round(second, 4), "angle": round(angle, 4)}
            sigma = blur_kernels.covariance(first, second, angle)
        else:
            sigma = blur_kernels.covariance(first, first, 0.0)
        if shape.startswith("generalised"):
            return blur_kernels.generalised_gaussian(side, sigma, _around_one("beta", self.pointed, chance))
        if shape.startswith("plateau"):
            return blur_kernels.plateau(side, sigma, _around_one("beta", self.flat, chance))
        return blur_kernels.gaussian(side, sigma)


def _side(chance: Chance) -> int:
    """Draw the side of a kernel: odd, 7 to 21."""
    side = 2 * chance.whole("", (3, 10)) + 1
    chance.drawn["side"] = side
    return side


def _around_one(name: str, ends: Span, chance: Chance) -> float:
    """Draw as often from up to 1 as from above."""
    below = (chance.happens(0.5) and ends[0] <= 1.0) or ends[1] <= 1.0
    return chance.between(name, (ends[0], min(1.0, ends[1])) if below else (max(1.0, ends[0]), ends[1]))


def convolved(colours: Colours, kernel: blur_kernels.Kernel) -> Colours:
    """Convolve, with the picture mirrored at its edges (all kernels here are symmetric).

    A rim of the kernel that no eight bits would show is left out; what is a column times a row is done as two lines.
    """
    middle = kernel.shape[0] // 2
    shells = [np.abs(kernel[r : kernel.shape[0] - r, r : kernel.shape[1] - r]).sum() for r in range(middle + 1)]
    rim = max(r for r, mass in enumerate(shells) if shells[0] - mass < _UNSEEN)
    kernel = kernel[rim : kernel.shape[0] - rim, rim : kernel.shape[1] - rim]
    kernel = (kernel / kernel.sum()).astype(np.float32)
    column, row = kernel[:, middle - rim] / kernel[middle - rim, middle - rim], kernel[middle - rim]
    if np.abs(np.outer(column, row) - kernel).max() < 1e-6:
        return np.asarray(cv2.sepFilter2D(colours, -1, row, column, borderType=cv2.BORDER_REFLECT_101), np.float32)
    return np.asarray(cv2.filter2D(colours, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)


class Shrink(Degradation):
    """Smaller by the recipe's scale, or to a short side: once, filtered properly, as Pillow resizes bytes."""

    title: ClassVar[str] = "Shrink"
    help: ClassVar[str] = "Makes the picture smaller, cleanly."

    kind: Literal["shrink"] = "shrink"
    short_side: int = Field(
        default=0, ge=0, title="Short side", description="In pixels; 0 makes it smaller by the scale."
    )
    filter: Literal["bilinear", "bicubic"] = Field(
        default="bicubic", title="Filter", description="How pixels are weighed."
    )

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Resize. By a scale, what is left over of a multiple of it at the right and below is not shown."""
        width, height = plate.size
        if self.short_side:  # whole pixels as fast.ai's `resize_to` counts them
            ratio = self.short_side / min(width, height)
            size, box = (int(width * ratio), int(height * ratio)), (0, 0, width, height)
        else:
            size = plate.final_size
            box = (0, 0, min(width, size[0] * plate.scale), min(height, size[1] * plate.scale))
        method = Image.Resampling.BILINEAR if self.filter == "bilinear" else Image.Resampling.BICUBIC
        plate.take(np.asarray(Image.fromarray(plate.to_bytes()).crop(box).resize(size, method)))


class Rescale(Degradation):
    """Larger, smaller, or as it is, by whichever way of resampling."""

    title: ClassVar[str] = "Rescale"
    help: ClassVar[str] = "Made smaller or larger by a careless program: detail goes, edges alias."

    kind: Literal["rescale"] = "rescale"
    up: float = chance_of(0.2, label="Larger", help="How often it becomes larger, beside the two below.")
    down: float = chance_of(0.7, label="Smaller", help="How often it becomes smaller.")
    keep: float = chance_of(0.1, label="As it is", help="How often its size stays.")
    factor: Span = span(
        0.15, 1.5, label="Factor", help="The smallest and the largest size, as a share of the picture's.",
        least=0.05, most=4.0, step=0.05)  # fmt: skip
    of_result: bool = False
    """Whether the factor is of the size that the picture shall come out with, rather than of the present one."""

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Resample."""
        way = chance.one_of("way", ("up", "down", "keep"), (self.up, self.down, self.keep))
        low, high = self.factor
        ends = {"up": (min(1.0, high), high), "down": (low, max(1.0, low)), "keep": (1.0, 1.0)}[way]
        factor = chance.between("factor", ends)
        sampling = _sampling(chance)
        width, height = plate.final_size if self.of_result else plate.size
        plate.resize(max(1, int(width * factor)), max(1, int(height * factor)), sampling)


def _sampling(chance: Chance) -> Sampling:
    word = chance.one_of("sampling", _SAMPLINGS)
    return next(sampling for sampling in _SAMPLINGS if sampling == word)


class Noise(Degradation):
    """Gaussian noise, or that of counted photons (Poisson); in colour or grey."""

    title: ClassVar[str] = "Noise"
    help: ClassVar[str] = "A sensor in the dark: every pixel a little wrong."

    kind: Literal["noise"] = "noise"
    gaussian: float = chance_of(
        0.5, label="Even noise", help="How often it is Gaussian; otherwise photons are counted."
    )
    sigma: Span = span(
        1.0, 30.0, label="Strength", help="Standard deviation of even noise, of 255.",
        least=0.0, most=100.0, step=1.0)  # fmt: skip
    photons: Span = span(
        0.05, 3.0, label="Photons", help="How many times stronger than counting to 255 makes it.",
        least=0.0, most=10.0, step=0.05)  # fmt: skip
    grey: float = chance_of(0.4, label="Grey", help="How often it is the same in all three colours.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Add it."""
        even, grey = chance.happens(self.gaussian, "gaussian"), chance.happens(self.grey, "grey")
        sigma, photons = chance.between("", self.sigma), chance.between("", self.photons)
        chance.drawn |= {"sigma": round(sigma, 4)} if even else {"photons": round(photons, 4)}
        if even:
            add_noise(plate.colours, sigma / 255.0, chance, grey=grey)
            return
        pixels = plate.to_bytes()
        seen = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8) if grey else pixels
        noise = shot_noise(seen, chance) * np.float32(photons)
        plate.colours += noise[..., None] if grey else noise
        np.clip(plate.colours, 0.0, 1.0, out=plate.colours)


def add_noise(colours: Colours, sigma: float, chance: Chance, *, grey: bool) -> None:
    """Add Gaussian noise of this standard deviation in place; what lies outside 0–1 is cut off."""
    height, width = colours.shape[:2]
    noise = chance.normal(height, width, 1 if grey else 3)
    noise *= np.float32(sigma)
    colours += noise
    np.clip(colours, 0.0, 1.0, out=colours)


def shot_noise(pixels: Bytes, chance: Chance) -> Colours:
    """Return Poisson(v x) ÷ v − x, v being the number of values in the picture, rounded up to a power of two.

    Above 8 photons the Poisson number is a normal one, skewed by its third moment (Cornish and Fisher 1938) and
    rounded: a fifth of the time, and no difference that a test of 1e6 numbers finds in mean, spread and skew.
    """
    values = int(np.count_nonzero(np.bincount(pixels.ravel(), minlength=256)))
    steps = np.float32(2.0 ** math.ceil(math.log2(values)))
    mean = pixels.astype(np.float32) * np.float32(steps / 255.0)
    normal = chance.random.standard_normal(mean.shape, dtype=np.float32)
    counted = np.rint(mean + normal * np.sqrt(mean) + (normal * normal - 1.0) * np.float32(1 / 6))
    few = mean < _FEW_PHOTONS
    counted[few] = chance.random.poisson(mean[few])
    return np.asarray((counted - mean) / steps, np.float32)


class Jpeg(Degradation):
    """A JPEG file."""

    title: ClassVar[str] = "JPEG"
    help: ClassVar[str] = "Blocks and halos of a small file."

    kind: Literal["jpeg"] = "jpeg"
    quality: Span = span(
        30, 95, label="Quality", help="As a program's “quality”: below 30 blocks show.",
        least=1, most=100, step=1)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Save and open again."""
        plate.save_as_jpeg(chance.whole("quality", self.quality))


class Wrapping(Degradation):
    """How the published pipeline ends: resized to what comes out and sharpened till it rings, and JPEG: or the reverse.

    The two go together because sinc, JPEG, resize in other orders gave twisted lines (section 3.4).
    """

    title: ClassVar[str] = "Posted again"
    help: ClassVar[str] = "Resized, oversharpened and saved by whoever passed it on."

    kind: Literal["wrapping"] = "wrapping"
    quality: Span = span(
        30, 95, label="Quality", help="As a program's “quality”: below 30 blocks show.",
        least=1, most=100, step=1)  # fmt: skip
    sinc: float = chance_of(0.8, label="Ringing", help="How often edges ring as after sharpening.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Resize to the final size and filter, before JPEG or after it."""
        jpeg_last, rings = chance.happens(0.5, "jpeg_last"), chance.happens(self.sinc, "sinc")
        side = _side(chance)
        cutoff = chance.between("cutoff", (math.pi / 3, math.pi))
        sampling, quality = _sampling(chance), chance.whole("quality", self.quality)
        if not jpeg_last:
            plate.save_as_jpeg(quality)
        plate.resize(*plate.final_size, sampling)
        if rings:
            plate.colours = convolved(plate.colours, blur_kernels.sinc(side, cutoff))
        if jpeg_last:
            plate.save_as_jpeg(quality)
