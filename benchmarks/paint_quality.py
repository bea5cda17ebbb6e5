"""How clean is the paint, and what does each slider move? Measured on finished paintings, before (0.1) and after.

`python benchmarks/style.py --only quality sliders` prints it. All numbers are of display values, 0–255.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from picture_measures import chroma_noise, luma, peaks

from models.textures import blurred
from studio.core.controls import Controls
from studio.core.events import Picture, finish
from studio.core.images import LoadedPicture, load_picture
from studio.core.picture_task import CONTENT, PictureRequest
from studio.core.resizing import fit_within
from studio.core.samples import sample_paintings, sample_photos
from studio.core.style_settings import StyleSettings
from studio.jobs.style.stylize import stylize

BEFORE: Mapping[str, object] = {
    "finish": "raw", "style_weight": 1.0, "content_weight": 1.0, "stroke_size": 1.0, "total_variation": 0.2
}  # fmt: skip
"""The default painting of version 0.1, where today's is another."""
PAIRS = (("neuschwanstein", "starry-night"), ("red-panda", "grande-jatte"), ("machu-picchu", "scream"))
SLIDERS = ("Grain", "Fine strokes", "Strokes", "Shapes", "Masses")
EDGE_STEP = 100.0
"""Height of the synthetic photo's step, of 255."""
EDGE_SOFTNESS = 0.7
"""Deviation of the blur that softens it, px."""


@dataclass(frozen=True)
class Quality:
    """What was measured of one painting, each beside the limit."""

    chroma: float
    """Standard deviation of the chroma's high-pass ÷ the painting's; at most 1.3."""
    clipped: float
    """Share of clipped pixels minus the painting's, %; at most 0.5."""
    combs: float
    """The greatest spectral peak at periods of 2, 4 and 8 px ÷ the photo's; at most 1.5."""


def pairs() -> Iterator[tuple[str, PictureRequest]]:
    """Yield the pairs that are measured, by name."""
    photos = {sample.name: sample.path for sample in sample_photos()}
    paintings = {sample.name: sample.path for sample in sample_paintings()}
    for photo, painting in PAIRS:
        request = {CONTENT: (load_picture(photos[photo]),), "style": (load_picture(paintings[painting]),)}
        yield f"{photo} × {painting}", PictureRequest(request)


def paint(request: PictureRequest, settings: StyleSettings) -> Picture:
    """Paint, as the window and the command line do."""
    layer = finish(stylize(request, Controls(settings))).layer
    return np.asarray((layer[..., :3] / 257.0).round(), np.uint8)


def quality(request: PictureRequest, settings: StyleSettings) -> Quality:
    """Paint and measure."""
    result = paint(request, settings)
    return judge(result, request, settings)


def judge(result: Picture, request: PictureRequest, settings: StyleSettings) -> Quality:
    """Measure what was painted beside photo and painting, each at the size at which the network saw it."""
    photo = fit_within(request.photo.pixels, settings.size, enlarge=True)
    painting = fit_within(request.all("style")[0].pixels, round(settings.size * settings.stroke_size), enlarge=True)
    return Quality(
        chroma_noise(result) / chroma_noise(painting),
        100.0 * (clipped(result) - clipped(painting)),
        float((peaks(result) / np.maximum(1.0, peaks(photo))).max()),
    )


# -- measures ----------------------------------------------------------------------------------------------------------


def clipped(picture: Picture) -> float:
    """Share of the pixels of which any channel is 0 or 255."""
    colours = picture[..., :3]
    return float(((colours == 0) | (colours == 255)).any(axis=-1).mean())


def octaves(picture: Picture) -> NDArray[np.float64]:
    """Mean square of the luma in each octave, finest first: differences of Gaussians of 0, 1, 2, 4, 8 and 16 px."""
    plane = luma(picture)
    levels = [plane, *(blurred(plane, float(2**octave)) for octave in range(len(SLIDERS)))]
    return np.array([np.mean((fine - coarse) ** 2) for fine, coarse in pairwise(levels)])


@dataclass(frozen=True)
class Contour:
    """How a contour of the photo comes out."""

    overshoot: float
    """By how much the painting goes beyond either side's tone beside it, as a share of the step as painted."""
    lines: float
    """How far the tone goes up and down across it ÷ the step as painted: 1 is a plain edge, a hairline adds twice its
    height."""


def contour(painting: LoadedPicture, settings: StyleSettings) -> Contour:
    """Paint a grey step as a camera would see it, soft by a pixel and off the network's grid; look at its profile."""
    side = settings.size
    middle, near, far = side // 2 + 3, side // 32, side // 6
    grey = np.full((side * 2 // 3, side), 128.0 - EDGE_STEP / 2, np.float32)
    grey[:, middle:] += EDGE_STEP
    pixels = np.repeat(blurred(grey, EDGE_SOFTNESS).round().astype(np.uint8)[..., None], 3, axis=-1)
    photo = LoadedPicture(pixels, "step", "0" * 64)
    profile = luma(paint(PictureRequest({CONTENT: (photo,), "style": (painting,)}), settings)).mean(axis=0)
    dark, bright = profile[middle - far : middle - near].mean(), profile[middle + near : middle + far].mean()
    above = profile[middle : middle + near].max() - bright
    below = dark - profile[middle - near : middle].min()
    across = profile[middle - 2 * near : middle + 2 * near]
    step = max(1.0, bright - dark)
    return Contour(float(max(above, below) / step), float(np.abs(np.diff(across)).sum() / step))


# -- sliders -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reach:
    """What one slider moves from end to end: the energy of its own octave, and of the other one moved most."""

    slider: str
    own: float
    others: float


def reaches(request: PictureRequest, settings: StyleSettings) -> Iterator[Reach]:
    """Paint with every slider of a scale at either end, and with Smoothness."""
    owned = [(slider, f"style_layer_{octave + 1}", (octave,)) for octave, slider in enumerate(SLIDERS)]
    for slider, name, own in [*owned, ("Smoothness", "total_variation", (0, 1))]:
        low, high = (octaves(paint(request, settings.model_copy(update={name: value}))) for value in (0.0, 4.0))
        change = np.maximum(low, high) / np.minimum(low, high)
        yield Reach(slider, float(change[own[0]]), float(np.delete(change, own).max()))
