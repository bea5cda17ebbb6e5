"""From a file's bytes to upright sRGB pixels, whatever kind of picture they are; or to the reason why not."""

import logging
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from studio.core.code_points import profile_in
from studio.core.deep_decoding import (
    TIFF_STARTS,
    DeepValues,
    RawPictureError,
    check_size,
    deep_values,
    main_page_first,
    unit_16,
    upright,
)
from studio.core.events import DeepPicture, Picture
from studio.core.failures import StudioError
from studio.core.icc import rgb_profile, to_srgb
from studio.core.picture_kinds import RAW_REMEDY, raw_maker, recognise
from studio.core.picture_metadata import PNG_SIGNATURE
from studio.core.picture_repair import with_jpeg_end, without_metadata
from studio.core.resizing import to_8_bits
from studio.core.tiff_packing import packing_of

HARD_LIMIT = 400_000_000
"""Pixels above which a file is refused by its header: it is a decompression bomb, or too much for this computer."""

_FORMATS = (
    "PNG", "JPEG", "MPO", "TIFF", "WEBP", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF", "TGA", "PSD", "QOI", "HEIF",
)  # fmt: skip
_ORIENTATION, _BITS_PER_SAMPLE = 274, 258
_NOT_UNPACKED = (
    "WEBP",
    "JPEGXL",
    "JPEGXL_DNG",
    "JPEG2000",
    "APERIO_JP2000_RGB",
    "APERIO_JP2000_YCBC",
    "LERC",
    "JETRAW",
)
_SRGB_CHROMATICITIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)

Image.MAX_IMAGE_PIXELS = HARD_LIMIT  # Pillow's own check, set to ours
# the readers' remarks about odd tags help nobody: what matters becomes a PictureError
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


class PictureError(StudioError):
    """A picture that cannot be opened or saved, in words for the user."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPicture:
    """`pixels` are upright, sRGB, RGB or RGBA; `full_size` is the file's (width, height) before any reduction."""

    pixels: Picture
    full_size: tuple[int, int]
    icc_profile: bytes | None
    bits: int


def decode(data: bytes, name: str, max_pixels: int) -> DecodedPicture:
    """Decode a picture file; above `max_pixels` a smaller version, which is what a screen can show.

    Animated and multi-page files give their first picture; a thumbnail that comes first is passed over. What is
    optional in a file (Exif, profile, end marker) may be broken: the picture is read without it.

    Raises:
        PictureError: it is not a picture, or broken, or far too large.

    """
    if not data:
        raise PictureError(f"“{name}” is empty (0 bytes).", "Fetch or copy the file again.")
    try:
        return _decode(data, max_pixels)
    except RawPictureError as error:
        maker = f" ({error})" if str(error) else ""
        raise PictureError(f"“{name}” is a camera's raw file{maker}, not yet a picture.", RAW_REMEDY) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name, str(error)) from error
    except MemoryError as error:
        raise PictureError(
            f"“{name}” needs more memory than there is.", "Close other programs, or make the picture smaller first."
        ) from error
    except Exception as error:  # the readers raise whatever a broken file trips them into
        for repaired in _repaired(data):
            with suppress(Exception):
                return _decode(repaired, max_pixels)
        if isinstance(error, UnidentifiedImageError):
            kind, remedy = recognise(data)
            raise PictureError(f"“{name}” is {kind}.", remedy) from error
        raise _damaged(name, error, packing_of(data) if data[:4] in TIFF_STARTS else "") from error


def decode_deep(data: bytes) -> DeepPicture | None:
    """Decode a file of more than 8 bits a channel in 16, as upright as `decode` does, in sRGB, RGB or RGBA.

    None where 8 bits are all that can be had of it: other files, CMYK, colour profiles that are tables.
    """
    for prepare in (bytes, without_metadata):  # as it is first; the second is work
        with suppress(Exception):  # `decode` has said what is wrong with it
            if (candidate := prepare(data)) is None or (values := _deep_values(_main_page_first(candidate))) is None:
                return None
            deep, turn = values.to_srgb(), _UPRIGHT.get(values.orientation)
            return deep if deep is None or turn is None else np.ascontiguousarray(turn(deep))
    return None


def _decode(data: bytes, max_pixels: int) -> DecodedPicture:
    if maker := raw_maker(data):
        raise RawPictureError(maker)
    if data[12:16] == b"CgBI":  # its pixels are packed otherwise
        raise UnidentifiedImageError
    data = _main_page_first(data)
    try:
        opened = open_image(data)
    except UnidentifiedImageError:  # a kind that Pillow does not know, e.g. a TIFF of floating-point colours
        values = deep_values(data)
        if values is None:
            raise
        height, width = values.colours.shape[:2]
        return _of_values(values, (width, height), values.profile, max_pixels)
    with opened as image:
        width, height = image.size
        check_size(width, height)
        if image.format == "PNG":  # asked for Exif it would be loaded as well, and what is wrong with it be lost
            image.load()  # whole: OpenCV would hand out half a picture
        orientation, profile = _orientation(image), _profile(image, data)
        if orientation >= 5 and image.format != "TIFF":  # Pillow gives a TIFF's size as it stands upright
            width, height = height, width
        deep = _bits(image, data) > 8 or image.format == "PSD"
        if deep and (values := _deep_values(data, image)) is not None:
            return _of_values(values, (width, height), image.info.get("icc_profile") or None, max_pixels)
        if width * height > max_pixels:  # a JPEG decodes at 1/2, 1/4 or 1/8 at a fraction of the cost
            image.draft(None, _reduced_size(*image.size, max_pixels))
        image.load()
        orientation = _orientation(image)  # loading has turned a TIFF already
        plain = _plain_mode(image)
        pixels = _finish(to_srgb(plain, profile), orientation, max_pixels)
        return DecodedPicture(pixels, (width, height), image.info.get("icc_profile") or None, _bits(image, data))


def _of_values(
    values: DeepValues, full_size: tuple[int, int], profile: bytes | None, max_pixels: int
) -> DecodedPicture:
    deep = values.to_srgb()
    if deep is not None:
        image = Image.fromarray(to_8_bits(deep))
    else:
        image = to_srgb(_image_from_values(values), values.profile)
    if values.orientation >= 5 and image.size == full_size:
        full_size = full_size[::-1]
    return DecodedPicture(_finish(image, values.orientation, max_pixels), full_size, profile, values.bits)


def open_image(data: bytes) -> Image.Image:
    """Open a file of any of the formats that are read here, as far as Pillow knows them; nothing is decoded yet.

    Raises:
        UnidentifiedImageError: it is none of them.

    """
    Image.init()
    if data[4:8] == b"ftyp" and "HEIF" not in Image.OPEN:
        with suppress(ImportError):  # an optional extra: see pyproject.toml
            import pillow_heif

            pillow_heif.register_heif_opener()
    return Image.open(BytesIO(data), formats=[known for known in _FORMATS if known in Image.OPEN])


def _main_page_first(data: bytes) -> bytes:
    if data[:4] not in TIFF_STARTS:
        return data
    try:
        return main_page_first(data)
    except RawPictureError:
        raise
    except Exception:  # a directory that is broken somewhere: its first page may be whole
        return data


def _deep_values(data: bytes, image: Image.Image | None = None) -> DeepValues | None:
    """Return a deep file's values; a PNG's with what stands in chunks of their own: profile, orientation, a clear tone.

    Args:
        data: the file.
        image: the same, where Pillow has opened it already; asked for Exif it would decode the pixels once more.

    """
    values = deep_values(data)
    if values is None or not data.startswith(PNG_SIGNATURE):
        return values
    if image is None:
        with open_image(data) as opened:
            return _with_chunks(values, opened, data)
    return _with_chunks(values, image, data)


def _with_chunks(values: DeepValues, png: Image.Image, data: bytes) -> DeepValues:
    alpha, tone = values.alpha, png.info.get("transparency")
    if values.space == "GRAY" and isinstance(tone, int):  # which OpenCV leaves to us
        alpha = np.where(values.colours[..., 0] == tone, 0, 65535).astype(np.uint16)
    return replace(values, alpha=alpha, profile=_profile(png, data), orientation=_orientation(png))


def _repaired(data: bytes) -> Iterator[bytes]:
    """Offer a file once more: without what is optional in it, and a JPEG with the end marker that it lacks."""
    bare = without_metadata(data)
    if bare is not None:
        yield bare
    for candidate in (data, bare):
        if candidate is not None and (ended := with_jpeg_end(candidate, _all_pixels)) is not None:
            yield ended


def _all_pixels(data: bytes) -> bytes:
    with open_image(data) as image:
        return image.tobytes()


def _orientation(image: Image.Image) -> int:
    """Return Exif's orientation, 1–8; 1 (upright) where it says anything else, or cannot be read."""
    try:
        return upright(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # Pillow raises whatever a broken directory trips it into
        return 1


def _profile(image: Image.Image, data: bytes) -> bytes | None:
    """Return the profile that a file's numbers are to be read by: its own, or what stands in place of one.

    That is code points; or a PNG's gAMA and cHRM, where they can be meant.
    """
    profile = image.info.get("icc_profile") or None
    gamma = image.info.get("gamma")
    if profile or image.format not in ("PNG", "AVIF", "HEIF"):
        return profile
    if (told := profile_in(data)) is not None or not gamma or "srgb" in image.info or not 0.2 <= gamma <= 5.0:
        return told
    chromaticities = image.info.get("chromaticity", _SRGB_CHROMATICITIES)
    if abs(gamma - 1 / 2.2) < 0.01 and np.allclose(chromaticities, _SRGB_CHROMATICITIES, atol=0.005):
        return None  # what programs write that mean sRGB
    with suppress(ValueError, OverflowError, struct.error, np.linalg.LinAlgError):
        return rgb_profile(chromaticities, 1.0 / gamma)
    return None


def _finish(image: Image.Image, orientation: int, max_pixels: int) -> Picture:
    if image.width * image.height > max_pixels:
        image = image.resize(_reduced_size(*image.size, max_pixels), Image.Resampling.BOX)
    turn = _UPRIGHT.get(orientation)
    pixels = np.asarray(image)
    return np.ascontiguousarray(pixels if turn is None else turn(pixels))


def _bits(image: Image.Image, data: bytes) -> int:
    """Return the file's bits per channel (Pillow itself rounds most deep pictures down to 8)."""
    if image.format == "PNG":
        return 16 if data[24] == 16 else 8
    if image.format == "TIFF":
        bits: tuple[int, ...] = image.tag_v2.get(_BITS_PER_SAMPLE, (8,))  # type: ignore[attr-defined]
        return max(8, *bits)
    return {"I;16": 16, "I;16B": 16, "I;16L": 16, "I": 16, "F": 32}.get(image.mode, 8)


def _reduced_size(width: int, height: int, max_pixels: int) -> tuple[int, int]:
    scale = (max_pixels / (width * height)) ** 0.5
    return max(1, int(width * scale)), max(1, int(height * scale))


_UPRIGHT: dict[int, Callable[[Any], Any]] = {
    2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1), 7: lambda a: a.swapaxes(0, 1)[::-1, ::-1], 8: np.rot90,
}  # fmt: skip
"""EXIF's orientation → what sets a picture upright."""


def _image_from_values(values: DeepValues) -> Image.Image:
    """Return CMYK, or colours that only a profile of tables can read, as a picture of 8 bits."""
    colours = to_8_bits(np.ascontiguousarray(values.colours))
    size = colours.shape[1], colours.shape[0]
    if values.space == "CMYK":
        return Image.frombytes("CMYK", size, colours.tobytes())
    image = Image.fromarray(colours[..., 0] if colours.shape[2] == 1 else colours)
    if values.alpha is not None:
        image.putalpha(Image.fromarray(to_8_bits(values.alpha)))
    return image


def _plain_mode(image: Image.Image) -> Image.Image:
    """Bring any of Pillow's modes to L, LA, RGB, RGBA or CMYK; loses nothing but palettes."""
    if "transparency" in image.info and image.mode in ("1", "L", "P", "PA", "RGB"):
        return image.convert("RGBA")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(to_8_bits(unit_16(np.asarray(image), 16)))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.applyTransform(image, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))
        return image.convert("L") if converted is None else converted
    return image.convert({"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA"}.get(image.mode, "RGB"))


def _too_large(name: str, size: str) -> PictureError:
    return PictureError(
        f"“{name}” is far too large to open ({size}; at most {HARD_LIMIT // 1_000_000} megapixels).",
        "Make it smaller in another program first. If it is a small file, it may be a trap.",
    )


def _damaged(name: str, error: Exception, packing: str) -> PictureError:
    if packing in _NOT_UNPACKED:
        return PictureError(
            f"“{name}” is a TIFF file compressed in a way that cannot be read here ({packing}).",
            "Save it with LZW, ZIP or no compression in the program that made it.",
        )
    words = str(error).lower()
    if "truncated" in words or "not enough" in words or isinstance(error, EOFError):
        return PictureError(f"“{name}” is incomplete: its end is missing.", "Fetch or copy the file again.")
    return PictureError(
        f"“{name}” is damaged and cannot be read ({type(error).__name__}: {str(error)[:120]}).",
        "Fetch or copy the file again, or open it in the program that made it and export it anew.",
    )
