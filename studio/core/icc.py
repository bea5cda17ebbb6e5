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
_STRIP = 12_000_000
_UNREADABLE = (ImageCms.PyCMSError, OSError, ValueError, TypeError)

# linear sRGB → XYZ of the profile connection space (D50), IEC 61966-2-1 adapted by Bradford
_SRGB_TO_XYZ = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
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


def deep_to_srgb(colours: DeepPicture, profile: bytes | None) -> DeepPicture | None:
    """Do to grey (H×W×1) or RGB in 16 bits what `to_srgb` does in 8, and return RGB.

    None where `profile` is not made of matrix and curves, and so only Pillow can apply it.
    """
    grey = colours.shape[2] == 1
    if grey and profile and (tone := _read_grey_profile(profile)) is not None:
        return np.repeat(_inverse_of_srgb(_light_of(colours, [tone])), 3, axis=2)
    rgb = np.repeat(colours, 3, axis=2) if grey else colours
    if not profile or not _is_usable(profile) or _is_srgb(profile):
        return rgb
    matrix_and_curves = _read_matrix_profile(profile)
    if matrix_and_curves is None:
        return None
    matrix, curves = matrix_and_curves
    to_linear = np.linalg.inv(_SRGB_TO_XYZ) @ matrix
    strips = np.array_split(rgb, max(1, rgb.size // _STRIP))  # floats of a whole large picture would fill the memory
    return np.concatenate(
        [_with_curves(strip, _light_of(strip, curves), to_linear, [_srgb_light(65_536)] * 3) for strip in strips]
    )


def lab_to_srgb(lab: NDArray[np.float32]) -> DeepPicture:
    """Return CIE L*a*b* (H×W×3, D50, as in profiles and TIFF files) as sRGB in 16 bits."""
    fy = (lab[..., 0] + 16.0) / 116.0
    f = np.stack([fy + lab[..., 1] / 500.0, fy, fy - lab[..., 2] / 200.0], axis=-1)
    xyz = np.where(f > 6.0 / 29.0, f**3, (f - 16.0 / 116.0) * (3.0 * (6.0 / 29.0) ** 2)) * _D50
    light = cv2.transform(xyz.astype(np.float32), np.linalg.inv(_SRGB_TO_XYZ).astype(np.float32))
    return _inverse_of_srgb(np.asarray(light, np.float32))


def rgb_profile(chromaticities: Sequence[float], light: float | NDArray[np.float64]) -> bytes:
    """Return a profile of RGB given by its white and primaries (x, y of white, red, green, blue) and curve.

    Args:
        chromaticities: as a PNG's cHRM chunk tells them.
        light: gamma, of light = value ** gamma; or the light of evenly spaced values, clipped above 1.

    Raises:
        ValueError: these are no three primaries around a white.

    """
    points = np.array(chromaticities, float).reshape(4, 2)
    if (points[:, 1] <= 0.0).any():
        raise ValueError("a chromaticity's y is not positive")
    xyz = np.stack([points[:, 0] / points[:, 1], np.ones(4), (1.0 - points.sum(axis=1)) / points[:, 1]])
    white, primaries = xyz[:, 0], xyz[:, 1:]
    if abs(np.linalg.det(primaries)) < 1e-6:
        raise ValueError("the primaries lie on a line")
    cones = _BRADFORD @ _D50 / (_BRADFORD @ white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ (primaries * np.linalg.solve(primaries, white))
    colorants = [b"XYZ \0\0\0\0" + struct.pack(">3i", *np.rint(adapted[:, i] * 65536).astype(int)) for i in range(3)]
    if isinstance(light, float):
        curve = b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, round(light * 65536))
    else:
        table = np.rint(light.clip(0.0, 1.0) * 65535.0).astype(">u2")
        curve = b"curv\0\0\0\0" + struct.pack(">I", len(table)) + table.tobytes()
    white_point = b"XYZ \0\0\0\0" + struct.pack(">3i", *np.rint(_D50 * 65536).astype(int))
    names = (b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"wtpt")
    tags = dict(zip(names, [*colorants, curve, curve, curve, white_point], strict=True))
    directory, body, start = b"", b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        directory += struct.pack(">4sII", name, start + len(body), len(tag))
        body += tag
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"\0\0\0\0", 0x04000000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + white_point[8:]
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + directory + body


def is_linear(profile: bytes) -> bool:
    """Tell whether a profile's values are light, or nearly: 8 bits of them show steps in the shadows."""
    matrix_and_curves = _read_matrix_profile(profile)
    if matrix_and_curves is None:
        return False
    # at a fifth of the scale sRGB gives 3 % of the light, gamma 1.8 gives 5.5 %, a straight line 20 %
    return any(float(np.interp(0.2, np.linspace(0.0, 1.0, len(curve)), curve)) > 0.1 for curve in matrix_and_curves[1])


def _light_of(colours: DeepPicture, curves: Sequence[NDArray[np.float64]]) -> NDArray[np.float32]:
    values = np.linspace(0.0, 1.0, 65_536)
    tables = (np.interp(values, np.linspace(0.0, 1.0, len(curve)), curve).astype(np.float32) for curve in curves)
    return np.stack([table[colours[..., channel]] for channel, table in enumerate(tables)], axis=-1)


def _inverse_of_srgb(light: NDArray[np.float32]) -> DeepPicture:
    return np.asarray(_inverse_table(_srgb_light(65_536))[_index_of(light)], np.uint16)


def _index_of(light: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return where light, 0–1, stands in an `_inverse_table`.

    Those are spaced by square root: evenly spaced ones would be coarse in the shadows.
    """
    return np.asarray(np.sqrt(light.clip(0.0, 1.0)) * 65535.0 + 0.5, np.uint16)


def _with_curves(
    picture: DeepPicture, light: NDArray[np.float32], matrix: NDArray[Any], curves: Sequence[NDArray[np.float64]]
) -> DeepPicture:
    """Return `picture` with the colours of `light` after `matrix`, each channel on its curve (value → light)."""
    index = _index_of(np.asarray(cv2.transform(light, matrix.astype(np.float32)), np.float32))
    result = picture.copy()
    for channel, curve in enumerate(curves):
        result[..., channel] = _inverse_table(curve)[index[..., channel]]
    return result


def _srgb_light(steps: int) -> NDArray[np.float64]:
    return light_of_srgb(np.linspace(0.0, 1.0, steps))


def _is_usable(profile: bytes) -> bool:
    """Tell whether a profile is whole, and one of RGB."""
    try:
        return str(ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space) == "RGB "
    except _UNREADABLE:
        return False


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


def _read_grey_profile(profile: bytes) -> NDArray[np.float64] | None:
    """Return the curve (value → light) of a monochrome profile."""
    try:
        if profile[16:20] != b"GRAY":
            return None
        curve = _curve(_tags(profile)[b"kTRC"])
    except (KeyError, struct.error, ValueError, ZeroDivisionError):
        return None
    return curve if np.isfinite(curve).all() else None


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
