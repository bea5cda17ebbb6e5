"""Lays the painting over its photo: strength, blend mode and colour, at once and without the network.

All arithmetic is on display values 0–1, as in painters' programs. A colour is its luma Y (Rec. 709 weights) plus a
chroma vector of zero luma; whatever changes one of the two leaves the other alone, and a chroma that does not fit
between black and white is shortened, never clipped channel by channel, so that no hue shifts.
"""

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from models.noise import noise_sigma
from studio.core.blending import Blending
from studio.core.events import DeepPicture, Picture
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.recipes import Recipe
from studio.core.resizing import resize, to_16_bits
from studio.core.settings import Settings

Colours = NDArray[np.float32]

LUMA = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
_TO_CHROMA = np.eye(3, dtype=np.float32) - np.repeat(LUMA, 3, axis=0)
_BAND_PIXELS = 32_768
_TINY = np.float32(1e-6)
_WARMEST = np.array([0.12, 0.02, -0.16], np.float32)
"""What the warmest light adds to a middle grey."""


class Backdrop:
    """The photo under a painting, brought to the painting's size once.

    A camera's picture takes a tenth of a second to shrink, too long for every frame and every move of a slider.

    Args:
        photo: RGB or RGBA, of any size.

    """

    def __init__(self, photo: Picture) -> None:
        self.photo = photo
        self._fitted = photo

    @cached_property
    def noise(self) -> float:
        """The standard deviation of the photo's noise, where 1 is white; measured once."""
        return noise_sigma(self.photo)

    def fitted(self, height: int, width: int) -> Picture:
        """Return the photo at this size; only the newest size is kept."""
        if self._fitted.shape[:2] != (height, width):
            self._fitted = resize(self.photo, width, height)
        return self._fitted


def compose(content: Picture | Backdrop | None, layer: Picture | DeepPicture, settings: Settings) -> DeepPicture:
    """Return the picture to show and save, of the layer's size, with the photo's alpha where it has one.

    Args:
        content: the photo, RGB or RGBA, of any size; as a backdrop where several layers are laid over it;
            None of a picture that is made up: its layer is all.
        layer: what the job made, RGB (an alpha channel of its own does not count).
        settings: the task's. Where they are no `Blending`, the layer is the picture, with its own alpha.

    """
    if content is None or not isinstance(settings, Blending):
        return to_16_bits(layer)
    backdrop = content if isinstance(content, Backdrop) else Backdrop(content)
    layer = settings.prepared(layer, backdrop)
    if settings.is_neutral and backdrop.photo.shape[2] == 3:
        return np.ascontiguousarray(to_16_bits(layer[..., :3]))
    photo = backdrop.fitted(*layer.shape[:2])
    if settings.opacity == 0.0:
        return to_16_bits(photo)
    colours = layer[..., :3] if settings.is_neutral else _mix(photo, layer, settings)
    deep = to_16_bits(colours)
    if photo.shape[2] == 4:
        return np.dstack([deep, to_16_bits(photo[..., 3:])])
    return np.ascontiguousarray(deep)


def result_of(
    request: PictureRequest, layer: DeepPicture, settings: Settings, recipe: Recipe, *, finished: bool = True
) -> PictureResult:
    """Return what a job made, composed with the photo it was made of."""
    return PictureResult(layer, compose(request.photo.pixels, layer, settings), recipe, finished)


def _mix(photo: Picture, layer: Picture | DeepPicture, settings: Blending) -> DeepPicture:
    """Work in bands of rows: their intermediate values stay in the processor's cache, and memory stays small."""
    height, width = layer.shape[:2]
    rows = max(1, _BAND_PIXELS // width)
    mixed = np.empty((height, width, 3), np.uint16)
    for start in range(0, height, rows):
        band = slice(start, start + rows)
        mixed[band] = _mix_band(_as_float(photo[band]), _as_float(layer[band]), settings)
    return mixed


def _mix_band(base: Colours, top: Colours, settings: Blending) -> Colours:
    """Return the mixed colours on the scale 0–65535, ready to be cut to whole numbers."""
    if settings.original_colours > 0.0:
        top = keep_colours(top, base, settings.original_colours)
    mixed = blend(base, top, settings.blend)
    if settings.saturation != 1.0:
        mixed = saturate(mixed, settings.saturation)
    if settings.opacity < 1.0:
        mixed = _weighted(base, mixed, settings.opacity)
    mixed = mixed * np.float32(65535.0) + np.float32(0.5)
    return np.clip(mixed, 0.0, 65535.0, out=mixed)


def keep_colours(painting: Colours, photo: Colours, share: float) -> Colours:
    """Return the painting's luma with `share` of the photo's chroma and the rest of its own."""
    return _fit(_luma(painting), _weighted(_chroma(painting), _chroma(photo), share))


def saturate(colours: Colours, factor: float) -> Colours:
    """Return `colours` with their chroma times `factor`: 0 is grey, above 1 is more colourful."""
    return _fit(_luma(colours), _chroma(colours) * np.float32(factor))


def warmed(layer: Picture | DeepPicture, warmth: float) -> DeepPicture:
    """Return a picture in warmer light, or (below 0) in colder; luma stays, and so do black and white.

    Args:
        layer: H×W×3|4; a fourth channel is left out.
        warmth: −1 to 1.

    """
    height, width = layer.shape[:2]
    rows, made = max(1, _BAND_PIXELS // width), np.empty((height, width, 3), np.uint16)
    golden = _TO_CHROMA @ (_WARMEST * np.float32(warmth))
    for start in range(0, height, rows):
        colours = _as_float(layer[start : start + rows])
        luma = _luma(colours)
        middle = 4.0 * luma * (1.0 - luma)
        band = _fit(luma, _chroma(colours) + middle[..., None] * golden)
        made[start : start + rows] = np.clip(band * np.float32(65535.0) + np.float32(0.5), 0.0, 65535.0)
    return made


def blend(base: Colours, top: Colours, mode: str) -> Colours:
    """Return `top` laid over `base` (W3C Compositing and Blending Level 1, section 10)."""
    if mode == "multiply":
        return base * top
    if mode == "screen":
        return base + top - base * top
    if mode == "soft_light":
        return _soft_light(base, top)
    if mode == "luminosity":
        return _fit(_luma(top), _chroma(base))
    return top


def _soft_light(base: Colours, top: Colours) -> Colours:
    """B(b, t) = b − (1 − 2t) b (1 − b) for t ≤ ½, else b + (2t − 1) (D(b) − b)."""
    bright = np.where(base <= 0.25, ((16.0 * base - 12.0) * base + 4.0) * base, np.sqrt(base))
    lean = 2.0 * top - 1.0
    return base + lean * np.where(lean <= 0.0, base - base * base, bright - base)


def _as_float(picture: Picture | DeepPicture) -> Colours:
    scale = np.float32(1.0 / np.iinfo(picture.dtype).max)
    return np.multiply(picture[..., :3], scale, dtype=np.float32)


def _weighted(one: Colours, other: Colours, share: float) -> Colours:
    return np.asarray(cv2.addWeighted(one, 1.0 - share, other, share, 0.0), np.float32)


def _luma(colours: Colours) -> Colours:
    """Return Y, H×W."""
    return np.asarray(cv2.transform(colours, LUMA), np.float32)


def _chroma(colours: Colours) -> Colours:
    """Return what is left of the colours without their luma, H×W×3."""
    return np.asarray(cv2.transform(colours, _TO_CHROMA), np.float32)


def _fit(luma: Colours, chroma: Colours) -> Colours:
    """Return luma + chroma, the chroma shortened where it would leave 0–1."""
    red, green, blue = cv2.split(chroma)
    up = np.maximum(np.maximum(np.maximum(red, green), blue), _TINY)
    down = np.maximum(-np.minimum(np.minimum(red, green), blue), _TINY)
    room = np.minimum(np.minimum((1.0 - luma) / up, luma / down), 1.0)
    return np.asarray(cv2.merge([luma + channel * room for channel in (red, green, blue)]), np.float32)
