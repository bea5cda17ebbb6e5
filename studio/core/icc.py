"""Colour profiles: any picture's colours to sRGB, and sRGB back to the profile that the artist's file came with."""

import struct
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from studio.core.events import DeepPicture

_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_UNREADABLE = (ImageCms.PyCMSError, OSError, ValueError, TypeError)

# linear sRGB → XYZ of the profile connection space (D50), IEC 61966-2-1 adapted by Bradford
_SRGB_TO_XYZ = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
# a profile's colour space → the picture's mode → the mode in which its colours go through the profile
_SOURCE_MODES = {
    "RGB ": {"RGB": "RGB", "RGBA": "RGB", "L": "RGB", "LA": "RGB"},
    "GRAY": {"L": "L", "LA": "L"},
    "CMYK": {"CMYK": "CMYK"},
}


@cache
def srgb_profile() -> bytes:
    """Return an sRGB profile, always the same bytes (Little CMS would put the time of day into it)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(profile)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return `image` (L, LA, RGB, RGBA or CMYK) as sRGB in mode RGB or RGBA.

    Without a profile, or with one that is broken or belongs to another kind of picture, its numbers are taken as sRGB.
    """
    plain = "RGBA" if image.mode in ("LA", "RGBA") else "RGB"
    transform = _transform_to_srgb(image.mode, profile) if profile else None
    if transform is None:
        return image.convert(plain)
    mode, convert = transform
    colours = ImageCms.applyTransform(image.convert(mode), convert)
    if colours is None:
        return image.convert(plain)
    if plain == "RGBA":
        colours.putalpha(image.getchannel("A"))
    return colours


def _transform_to_srgb(mode: str, data: bytes) -> tuple[str, ImageCms.ImageCmsTransform] | None:
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(data))
        space = str(profile.profile.xcolor_space)
        source = _SOURCE_MODES.get(space, {}).get(mode)
        if source is None:
            return None
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(profile, srgb, source, "RGB", _INTENT, _FLAGS)
    except _UNREADABLE:
        return None
    if source == "RGB" and _changes_nothing(transform):
        return None  # an sRGB picture must come through exactly, not rounded once more
    return source, transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell whether a transform from RGB to sRGB moves no colour by more than one level."""
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    changed = ImageCms.applyTransform(Image.fromarray(colours), transform)
    return bool(np.abs(np.asarray(changed).astype(int) - colours).max() <= 1)


def from_srgb(picture: DeepPicture, profile: bytes | None) -> tuple[DeepPicture, bytes]:
    """Convert an sRGB picture to `profile`, and return it with the profile to embed.

    Done here in 16 bits (Pillow's colour management has only 8) for profiles made of a matrix and curves, as nearly all
    working spaces and displays are. For any other profile the picture stays sRGB.
    """
    if not profile or _is_srgb(profile):
        return picture, profile or srgb_profile()
    matrix_and_curves = _read_matrix_profile(profile)
    if matrix_and_curves is None:
        return picture, srgb_profile()
    matrix, curves = matrix_and_curves
    light = _srgb_light(65_536).astype(np.float32)[picture[..., :3]]
    return _with_curves(picture, light, np.linalg.inv(matrix) @ _SRGB_TO_XYZ, curves), profile


def deep_to_srgb(picture: DeepPicture, profile: bytes | None) -> DeepPicture | None:
    """Do to RGB or RGBA in 16 bits what `to_srgb` does in 8; None where `profile` is not made of matrix and curves."""
    if not profile or _is_srgb(profile):
        return picture
    matrix_and_curves = _read_matrix_profile(profile)
    if matrix_and_curves is None:
        return None
    matrix, curves = matrix_and_curves
    values = np.linspace(0.0, 1.0, 65_536)
    tables = (np.interp(values, np.linspace(0.0, 1.0, len(curve)), curve).astype(np.float32) for curve in curves)
    light = np.stack([table[picture[..., channel]] for channel, table in enumerate(tables)], axis=-1)
    return _with_curves(picture, light, np.linalg.inv(_SRGB_TO_XYZ) @ matrix, [_srgb_light(65_536)] * 3)


def _with_curves(
    picture: DeepPicture, light: NDArray[np.float32], matrix: NDArray[Any], curves: Sequence[NDArray[np.float64]]
) -> DeepPicture:
    """Return `picture` with the colours of `light` after `matrix`, each channel on its curve (value → light)."""
    colours = cv2.transform(light, matrix.astype(np.float32))
    # the tables are spaced by square root: evenly spaced ones would be coarse in the shadows
    index = (np.sqrt(colours.clip(0.0, 1.0)) * 65535.0 + 0.5).astype(np.uint16)
    result = picture.copy()
    for channel, curve in enumerate(curves):
        result[..., channel] = _inverse_table(curve)[index[..., channel]]
    return result


def _srgb_light(steps: int) -> NDArray[np.float64]:
    return light_of_srgb(np.linspace(0.0, 1.0, steps))


def _is_srgb(profile: bytes) -> bool:
    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(profile))
        if str(opened.profile.xcolor_space) != "RGB ":
            return False
        srgb = ImageCms.createProfile("sRGB")
        return _changes_nothing(ImageCms.buildTransform(opened, srgb, "RGB", "RGB", _INTENT, _FLAGS))
    except _UNREADABLE:
        return False


def light_of_srgb(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the linear light of sRGB's display values, both 0–1 (IEC 61966-2-1)."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _inverse_table(curve: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Return the table square root of light → 16-bit value that undoes `curve`."""
    light = np.linspace(0.0, 1.0, 65536) ** 2
    rising = np.maximum.accumulate(curve)
    value = np.interp(light, rising, np.linspace(0.0, 1.0, len(curve)))
    return (value * 65535.0 + 0.5).astype(np.uint16)


def _read_matrix_profile(profile: bytes) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]] | None:
    """Return matrix (linear RGB → XYZ) and curves (value → light) of an ICC.1 three-component matrix profile."""
    try:
        tags = _tags(profile)
        if profile[16:20] != b"RGB " or profile[20:24] != b"XYZ " or b"A2B0" in tags:
            return None
        matrix = np.stack([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
        curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
    except (KeyError, struct.error, ValueError, ZeroDivisionError):
        return None
    if abs(np.linalg.det(matrix)) < 1e-6 or not all(np.isfinite(curve).all() for curve in curves):
        return None
    return matrix, curves


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(min(count, 100))]
    return {name: profile[offset : offset + size] for name, offset, size in entries}


def _xyz(tag: bytes) -> NDArray[np.float64]:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536.0


def _curve(tag: bytes) -> NDArray[np.float64]:
    """Return the light at evenly spaced values of a `curv` or `para` tag (ICC.1:2022, 10.6 and 10.18)."""
    value = np.linspace(0.0, 1.0, 4096)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return value
        if count == 1:
            (gamma,) = struct.unpack_from(">H", tag, 12)
            return value ** float(gamma / 256.0)
        return np.array(struct.unpack_from(f">{count}H", tag, 12)) / 65535.0
    if tag[:4] != b"para":
        raise ValueError("neither curv nor para")
    (kind,) = struct.unpack_from(">H", tag, 8)
    number = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}[kind]
    parameters = [float(p) / 65536.0 for p in struct.unpack_from(f">{number}i", tag, 12)]
    g, a, b, c, d, e, f = parameters + [0.0] * (7 - number)
    if kind == 0:
        return value**g
    power = np.maximum(a * value + b, 0.0) ** g
    if kind == 1:
        return np.where(value >= -b / a, power, 0.0)
    if kind == 2:
        return np.where(value >= -b / a, power + c, c)
    return np.where(value >= d, power + e, c * value + f)
