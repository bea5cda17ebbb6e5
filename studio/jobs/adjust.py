"""The adjust job: crop and turn, light, colour and sharpness, with numpy and OpenCV alone; at once, and bit for bit.

A step that is neutral is left out, so that untouched settings change nothing and a mere crop copies pixels. Tones are
worked on in bands of rows, whose intermediate values stay in the processor's cache.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from math import cos, radians, sin, sqrt
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.adjust_settings import AdjustSettings, Box
from studio.core.compositing import LUMA, Colours, saturate
from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Picture, Progress, finish
from studio.core.frames import Frame, prepare_frame
from studio.core.icc import light_of_srgb
from studio.core.images import full_depth
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.picture_tasks import ADJUST
from studio.core.resizing import P, fit_within, through_alpha, to_16_bits
from studio.jobs.files import OpenedPicture
from studio.jobs.picture_recipes import RecipeWriter

MID_GREY = 0.18
"""Light that a grey card reflects."""
PROOF_PIXELS = 2_000_000
"""The most that is shown while a slider moves."""
_BAND_PIXELS, _STEP_PIXELS = 32_768, 1_000_000
"""What fits into a processor's cache; what is made between two yields."""
_WARPED = 16_384
"""Side of what is straightened in one go, in pixels: OpenCV warps from and to pictures below 32,767 only."""
_GUIDE_SIDE, _GUIDE_RADIUS, _GUIDE_SOFTNESS = 384, 16, 0.01


def adjust(request: PictureRequest, controls: Controls[AdjustSettings]) -> Job[PictureResult]:
    """Adjust `request.photo`, in the depth of its file.

    Raises:
        StudioError: the file of a very large photo is not there any more.

    """
    settings = controls.settings
    yield Progress("Adjusting")
    picture = yield from _toning(framed(full_depth(request.photo), settings), settings)
    # the networks that made the photo, if any did, have had their part in this picture too
    weights = request.photo.recipe.weights if request.photo.recipe else ()
    return PictureResult(picture, picture, RecipeWriter(ADJUST, request, settings, *weights).write(settings))


@dataclass(frozen=True, slots=True, eq=False)
class ProofTask:
    """A photo to show as it is set: `layer` where that is made already, otherwise a version of about so many `pixels`.

    `whole` shows all of it, to choose a crop on.
    """

    photo: OpenedPicture
    layer: Picture | DeepPicture | None = None
    whole: bool = False
    pixels: int = PROOF_PIXELS


class Proof(NamedTuple):
    """The photo in its frame, before and after its tones are adjusted; `size` is theirs in full, width and height.

    `whole` is as it was asked for.
    """

    before: Frame
    after: Frame
    size: tuple[int, int]
    whole: bool


def proof(task: ProofTask, controls: Controls[AdjustSettings]) -> Job[Proof]:
    """Show what the settings mean, at once: in the size of the screen, where the full one is not made yet."""
    yield Progress("Adjusting")
    settings, photo = controls.settings, task.photo.picture
    width, height = settings.frame_size(photo.width, photo.height)
    if task.layer is not None:
        before, after = framed(photo.pixels, settings, cv2.INTER_LINEAR), task.layer
    else:
        scale = min(1.0, sqrt(task.pixels / (photo.width * photo.height)))
        small = task.photo.ground.fitted(*(max(1, round(side * scale)) for side in (photo.height, photo.width)))
        before = straightened(small, settings) if task.whole else framed(small, settings, cv2.INTER_LINEAR)
        after = toned(before, settings, scale=scale)
    size = (width, height) if task.whole else settings.size(width, height)
    return Proof(prepare_frame(before), prepare_frame(after), size, task.whole)


# -- geometry ----------------------------------------------------------------------------------------------------------


def framed(picture: P, settings: AdjustSettings, method: int = cv2.INTER_LANCZOS4) -> P:
    """Return the part of a picture (8 or 16 bits, RGB or RGBA) that stays; `method` straightens it."""
    turned = upright(picture, settings)
    return _cut(turned, settings.angle, settings.box(*turned.shape[1::-1]), method, cv2.BORDER_REPLICATE)


def straightened(picture: P, settings: AdjustSettings) -> P:
    """Return all of a picture in its frame; black where there is nothing of it."""
    turned = upright(picture, settings)
    height, width = turned.shape[:2]
    return _cut(turned, settings.angle, (0, 0, width, height), cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)


def upright(picture: P, settings: AdjustSettings) -> P:
    """Return the picture turned by quarters, then mirrored: what `AdjustSettings.box` cuts from."""
    turned = np.rot90(picture, -(int(settings.turn) // 90))
    mirrored = {"none": turned, "horizontal": turned[:, ::-1], "vertical": turned[::-1]}[settings.flip]
    return np.ascontiguousarray(mirrored)  # type: ignore[return-value]


def _cut(picture: P, angle: float, box: Box, method: int, border: int) -> P:
    """Return what lies in `box` of the frame in which `picture` is turned clockwise about its middle.

    The pixel whose centre is at (x, y) of the frame, seen from its middle, shows (x cos + y sin, y cos − x sin).
    """
    (left, top, right, bottom), (height, width) = box, picture.shape[:2]
    across, down = max(1, round(right - left)), max(1, round(bottom - top))
    if angle == 0.0:
        x, y = min(round(left), width - across), min(round(top), height - down)
        return np.ascontiguousarray(picture[y : y + down, x : x + across])  # type: ignore[return-value]
    c, s, full = cos(radians(angle)), sin(radians(angle)), float(np.iinfo(picture.dtype).max)
    x0, y0 = (left + right - across - width + 1) / 2, (top + bottom - down - height + 1) / 2
    matrix = np.array([[c, s, x0 * c + y0 * s + (width - 1) / 2], [-s, c, y0 * c - x0 * s + (height - 1) / 2]])

    def warp(values: Any) -> Any:
        warped = _warped(values, matrix, (across, down), method | cv2.WARP_INVERSE_MAP, border)
        if warped.shape[2] == 4:  # where Lanczos overshoots in alpha, colours would make a bright rim
            warped[..., :3] *= full / np.maximum(warped[..., 3:], full)
        return warped

    return through_alpha(picture, warp)


def _warped(picture: Any, matrix: NDArray[np.float64], size: tuple[int, int], flags: int, border: int) -> Any:
    """Return the picture of this width and height that `matrix` looks up in `picture`, in tiles."""
    across, down = size
    warped = np.empty((down, across, picture.shape[2]), picture.dtype)
    for top, left in product(range(0, down, _WARPED), range(0, across, _WARPED)):
        tile = warped[top : top + _WARPED, left : left + _WARPED]
        bottom, right = top + tile.shape[0], left + tile.shape[1]
        seen = matrix @ [[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]]
        near = np.clip(seen.min(axis=1) - 8, 0, [picture.shape[1] - 1, picture.shape[0] - 1]).astype(int)
        far = np.maximum(seen.max(axis=1) + 9, near + 1).astype(int)
        here = np.column_stack((matrix[:, :2], matrix @ [left, top, 1] - near))
        tile[:] = cv2.warpAffine(
            picture[near[1] : far[1], near[0] : far[0]], here, tile.shape[1::-1], flags=flags, borderMode=border
        )
    return warped


# -- tones -------------------------------------------------------------------------------------------------------------


def toned(picture: Picture | DeepPicture, settings: AdjustSettings, *, scale: float = 1.0) -> DeepPicture:
    """Return the picture with light, colour and sharpness adjusted, in 16 bits; alpha stays as it is.

    In this order: white balance and exposure in linear light, highlights and shadows as a local exposure, contrast as a
    sigmoid of luma, saturation, unsharp mask. What is brighter than white is kept until after the local exposure, so
    that `highlights` brings back what `exposure` drove out. `scale` is the size of this picture ÷ that of the one in
    whose pixels sharpening counts: below 1 for a proof.
    """
    return finish(_toning(picture, settings, scale))


def _toning(picture: Picture | DeepPicture, settings: AdjustSettings, scale: float = 1.0) -> Job[DeepPicture]:
    if settings.leaves_tones:
        return to_16_bits(picture)
    tones, result = _Tones(picture, settings), np.empty(picture.shape, np.uint16)

    def work_on(rows: slice) -> None:
        result[rows, :, :3] = _rounded(tones.of(rows))

    with ThreadPoolExecutor(cv2.getNumThreads()) as threads:  # numpy and OpenCV let others work meanwhile
        for step in _bands(picture, _STEP_PIXELS):
            yield Progress("Adjusting", step.start, len(picture))
            list(threads.map(work_on, _bands(picture, _BAND_PIXELS, step)))
    if picture.shape[2] == 4:
        result[..., 3] = to_16_bits(picture[..., 3])
    if settings.sharpen:
        yield Progress("Sharpening")
        _sharpen(result, 1.5 * settings.sharpen / 100.0, scale)
    return result


class _Tones:
    """Light and colour of a picture, some rows at a time.

    How bright the surroundings of a pixel are, for highlights and shadows, is the guided filter of the luma by itself
    (He, Sun & Tang 2013, eq. 5, 6 and 8), fitted on a small version and applied to the full one (He & Sun 2015): smooth
    within surfaces and as sharp as the picture at their edges, so that no halo shows.
    """

    def __init__(self, picture: Picture | DeepPicture, settings: AdjustSettings) -> None:
        self._picture: Any = picture
        values = np.linspace(0.0, 1.0, np.iinfo(picture.dtype).max + 1)
        self._values, self._light = values.astype(np.float32), light_of_srgb(values).astype(np.float32)
        self._matrix: Colours | None = None
        if settings.temperature or settings.tint or settings.exposure:
            balance = white_balance(settings.temperature, settings.tint) * 2.0**settings.exposure
            self._matrix = balance.astype(np.float32)
        self._local = local_exposure(settings.highlights, settings.shadows)
        self._contrast = contrast_gain(settings.contrast)
        self._chroma = 1.0 + settings.saturation / 100.0
        if self._local is not None:
            small: Any = np.ascontiguousarray(self._picture[..., :3])
            guide = _self_guided(_luma(self._light_in(fit_within(small, _GUIDE_SIDE))))
            self._slope, self._offset = (cv2.resize(part, picture.shape[1::-1]) for part in guide)

    def of(self, rows: slice) -> Colours:
        """Return these rows as display values, of which 0–1 can be seen."""
        pixels = self._picture[rows, :, :3]
        if self._matrix is None and self._local is None:
            colours = _look_up(self._values, pixels)
        else:
            light = self._light_in(pixels)
            if self._local is not None:
                around = self._slope[rows] * _luma(light) + self._offset[rows]
                light = _times(light, self._local[_rounded(around)])
            colours = srgb_of_light(light)
        if self._contrast is not None:
            colours = colours.clip(0.0, 1.0)
            colours = _times(colours, self._contrast[_rounded(cv2.transform(colours, LUMA))])
        return colours if self._chroma == 1.0 else saturate(colours.clip(0.0, 1.0), self._chroma)

    def _light_in(self, pixels: Picture | DeepPicture) -> Colours:
        light = _look_up(self._light, pixels)
        return light if self._matrix is None else np.asarray(cv2.transform(light, self._matrix), np.float32)


def local_exposure(highlights: float, shadows: float) -> Colours | None:
    """Return the gain in linear light for each of 65,536 brightnesses b of the surroundings; None where it is 1.

    2^(h b³ + 2 s (1 − b)³), with h and s from −1 to 1: what is brighter stays brighter at every setting.
    """
    if not highlights and not shadows:
        return None
    around = np.linspace(0.0, 1.0, 65_536)
    return np.asarray(2.0 ** (highlights / 100 * around**3 + shadows / 50 * (1.0 - around) ** 3), np.float32)


def contrast_gain(contrast: float) -> Colours | None:
    """Return what colours are multiplied by for each of 65,536 lumas Y, so that Y goes through a sigmoid; None for 1.

    With k = 2^(contrast ÷ 100) and mid-grey p: p (Y ÷ p)^k below p, 1 − (1 − p) ((1 − Y) ÷ (1 − p))^k above. Black,
    mid-grey and white stay, the slope at p is k, and −contrast undoes it.
    """
    if not contrast:
        return None
    grey, luma, slope = (
        float(srgb_of_light(np.array([MID_GREY]))[0]),
        np.linspace(0.0, 1.0, 65_536),
        2 ** (contrast / 100),
    )
    below = grey * (np.minimum(luma, grey) / grey) ** slope
    above = 1.0 - (1.0 - grey) * ((1.0 - np.maximum(luma, grey)) / (1.0 - grey)) ** slope
    return np.asarray(np.where(luma <= grey, below, above) / np.maximum(luma, 1.0 / 65_535), np.float32)


def srgb_of_light(light: NDArray[Any]) -> NDArray[Any]:
    """Return display values of linear light (IEC 61966-2-1), also beyond 1; negative light is black."""
    light = np.maximum(light, 0.0)
    values: NDArray[Any] = light ** light.dtype.type(1.0 / 2.4)
    values *= 1.055
    values -= 0.055
    toe = light <= 0.0031308
    if toe.any():
        values[toe] = light[toe] * 12.92
    return values


_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""Linear sRGB → XYZ (IEC 61966-2-1)."""
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]) @ _XYZ
"""Linear sRGB → the responses of Bradford's three cones (Lam 1985)."""
_DAYLIGHT = _XYZ.sum(axis=1)[:2] * [4.0, 6.0] / (_XYZ.sum(axis=1) @ [1.0, 15.0, 3.0])
_LAMPLIGHT = np.array([0.25597, 0.34952])
"""CIE D65 and A in the CIE 1960 diagram (u, v)."""


def white_balance(temperature: float, tint: float) -> NDArray[np.float64]:
    """Return the matrix on linear sRGB that moves its white: von Kries adaptation of the cones.

    At +100 white moves from daylight (D65) to lamplight (A, 2856 K) in u and v, in between by its share of the way, and
    −100 takes lamplight away. `tint` moves it across that way by 0.0003 a unit, towards magenta. Grey stays as bright.
    """
    way = _LAMPLIGHT - _DAYLIGHT
    warmer = _adaptation(way * abs(temperature) / 100.0)
    across = np.array([way[1], -way[0]]) / np.hypot(*way)
    matrix = (warmer if temperature >= 0 else np.linalg.inv(warmer)) @ _adaptation(across * 0.0003 * tint)
    return np.asarray(matrix * (_XYZ[1].sum() / (_XYZ[1] @ matrix).sum()))


def _adaptation(shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix on linear sRGB that carries its white to one `shift` away in u and v."""
    u, v = _DAYLIGHT + shift
    moved = np.linalg.solve(_XYZ, [1.5 * u / v, 1.0, (4.0 - u - 10.0 * v) / (2.0 * v)])  # that white in linear sRGB
    gains = (_CONES @ moved) / _CONES.sum(axis=1)
    return np.asarray(np.linalg.solve(_CONES, gains[:, None] * _CONES))


def _luma(light: Colours) -> Colours:
    return srgb_of_light(np.asarray(cv2.transform(light, LUMA), np.float32)).clip(0.0, 1.0)


def _self_guided(luma: Colours) -> tuple[Colours, Colours]:
    """Return slope and offset of the guided filter: var ÷ (var + ε), and the rest of the mean, both averaged again."""

    def mean(values: Any) -> Colours:
        side = 2 * _GUIDE_RADIUS + 1
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)

    average = mean(luma)
    variance = mean(luma * luma) - average * average
    slope = variance / (variance + np.float32(_GUIDE_SOFTNESS))
    return mean(slope), mean(average * (1.0 - slope))


def _sharpen(picture: DeepPicture, amount: float, radius: float) -> None:
    """Add to every colour `amount` times what its luma has beyond its blurred self (unsharp mask), in place."""
    luma = cv2.transform(np.ascontiguousarray(picture[..., :3]), LUMA)
    blurred = cv2.GaussianBlur(luma, (0, 0), radius)
    for rows in _bands(picture, _BAND_PIXELS):
        detail = cv2.addWeighted(luma[rows], amount, blurred[rows], -amount, 0.0, dtype=cv2.CV_32F)
        detail = cv2.cvtColor(detail, cv2.COLOR_GRAY2BGR)
        picture[rows, :, :3] = cv2.add(np.ascontiguousarray(picture[rows, :, :3]), detail, dtype=cv2.CV_16U)


def _bands(picture: NDArray[Any], pixels: int, within: slice | None = None) -> Iterator[slice]:
    """Yield rows of a picture in slices of about so many pixels."""
    within = within or slice(0, picture.shape[0])
    rows = max(1, pixels // picture.shape[1])
    return (slice(start, min(within.stop, start + rows)) for start in range(within.start, within.stop, rows))


def _look_up(table: Colours, pixels: Picture | DeepPicture) -> Colours:
    return np.asarray(cv2.LUT(pixels, table), np.float32) if pixels.dtype == np.uint8 else table[pixels]


def _rounded(values: Any) -> DeepPicture:
    """Return 0–1 as 0–65535, rounded; what lies beyond is clipped."""
    return np.asarray(cv2.addWeighted(values, 65535.0, values, 0.0, 0.0, dtype=cv2.CV_16U))


def _times(colours: Colours, gain: Colours) -> Colours:
    return np.asarray(cv2.multiply(colours, cv2.cvtColor(gain, cv2.COLOR_GRAY2BGR)))
