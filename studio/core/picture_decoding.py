"""From a file's bytes to upright sRGB pixels, whatever kind of picture they are; or to the reason why not."""

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from studio.core.events import DeepPicture, Picture
from studio.core.failures import StudioError
from studio.core.icc import deep_to_srgb, to_srgb
from studio.core.resizing import to_8_bits, to_16_bits

HARD_LIMIT = 400_000_000
"""Pixels above which a file is refused by its header: it is a decompression bomb, or too much for this computer."""

_FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "WEBP", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF", "TGA", "PSD", "QOI")
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION, _BITS_PER_SAMPLE, _ICC_PROFILE = 274, 258, 34675

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

    Animated and multi-page files give their first picture.

    Raises:
        PictureError: it is not a picture, or broken, or far too large.

    """
    if not data:
        raise PictureError(f"“{name}” is empty (0 bytes).", "Fetch or copy the file again.")
    try:
        return _decode(data, name, max_pixels)
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise _not_a_picture(data, name) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name, str(error)) from error
    except MemoryError as error:
        raise PictureError(
            f"“{name}” needs more memory than there is.", "Close other programs, or make the picture smaller first."
        ) from error
    except Exception as error:  # the readers raise whatever a broken file trips them into
        raise _damaged(name, error) from error


def _decode(data: bytes, name: str, max_pixels: int) -> DecodedPicture:
    Image.init()
    try:
        opened = Image.open(BytesIO(data), formats=[known for known in _FORMATS if known in Image.OPEN])
    except UnidentifiedImageError:
        if data[:4] not in _TIFF_STARTS:
            raise
        return _decode_unusual_tiff(data, name, max_pixels)
    with opened as image:
        width, height = image.size
        _check_size(width, height, name)
        orientation = int(image.getexif().get(_ORIENTATION, 1))
        profile = image.info.get("icc_profile") or None
        bits = _bits(image, data)
        if orientation >= 5 and image.format != "TIFF":  # Pillow gives a TIFF's size as it stands upright
            width, height = height, width
        plain = _deep_to_8_bits(data, image) if bits > 8 else None
        if plain is None:
            if width * height > max_pixels:  # a JPEG decodes at 1/2, 1/4 or 1/8 at a fraction of the cost
                image.draft(None, _reduced_size(*image.size, max_pixels))
            image.load()
            orientation = int(image.getexif().get(_ORIENTATION, 1))  # loading has turned a TIFF already
            plain = _plain_mode(image)
    return DecodedPicture(_finish(plain, profile, orientation, max_pixels), (width, height), profile, bits)


def _decode_unusual_tiff(data: bytes, name: str, max_pixels: int) -> DecodedPicture:
    """Decode a kind of TIFF that Pillow does not know, e.g. floating-point colours."""
    import tifffile  # seldom needed, and slow to import

    with tifffile.TiffFile(BytesIO(data)) as file:
        page: Any = file.pages[0]
        width, height, bits = page.imagewidth, page.imagelength, int(page.bitspersample)
        orientation = int(page.tags.valueof(_ORIENTATION, 1))
        profile = page.tags.valueof(_ICC_PROFILE) or None
    _check_size(width, height, name)
    deep = _tiff_values(data)
    if deep is None:
        raise _damaged(name, ValueError("unknown compression"))
    plain = _image_from_array(*deep)
    full_size = (height, width) if orientation >= 5 else (width, height)
    return DecodedPicture(_finish(plain, profile, orientation, max_pixels), full_size, profile, bits)


def _finish(plain: Image.Image, profile: bytes | None, orientation: int, max_pixels: int) -> Picture:
    if plain.width * plain.height > max_pixels:
        plain = plain.resize(_reduced_size(*plain.size, max_pixels), Image.Resampling.BOX)
    return np.ascontiguousarray(_turn(to_srgb(plain, profile), orientation))


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > HARD_LIMIT:
        raise _too_large(name, f"{width} × {height} pixels")


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


def _deep_to_8_bits(data: bytes, image: Image.Image) -> Image.Image | None:
    """Decode a picture of more than 8 bits in full depth, then round it; None where only Pillow can read it."""
    if image.format == "PNG":
        image.load()  # Pillow checks it whole first: OpenCV would hand out half a picture
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        return None if array is None else _image_from_array(_from_bgr(array))
    if image.format == "TIFF":
        deep = _tiff_values(data)
        return None if deep is None else _image_from_array(*deep)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _image_from_array(np.asarray(image))
    return None


def _tiff_values(data: bytes) -> tuple[NDArray[Any], bool] | None:
    """Return a TIFF's values as they stand in the file, and whether they are CMYK."""
    import tifffile

    with tifffile.TiffFile(BytesIO(data)) as file:
        page: Any = file.pages[0]
        try:
            array = page.asarray()
        except (ValueError, KeyError):  # a compression that needs another package; OpenCV knows the usual ones
            array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            if array is None:
                return None
            array = _from_bgr(array)
        else:
            array = _channels_last(array, page)
        if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and array.dtype.kind == "u":
            array = np.iinfo(array.dtype).max - array
        cmyk = page.photometric == tifffile.PHOTOMETRIC.SEPARATED
    return array, cmyk


def _channels_last(array: NDArray[Any], page: Any) -> NDArray[Any]:
    if array.ndim == 3 and page.planarconfig.name == "SEPARATE":
        return np.moveaxis(array, 0, -1)
    return array


def _from_bgr(array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim == 2:
        return array
    order = [2, 1, 0, 3] if array.shape[2] == 4 else [2, 1, 0]
    return array[..., order]


def decode_deep(data: bytes) -> DeepPicture | None:
    """Decode a PNG or TIFF file of more than 8 bits a channel in 16, as upright as `decode` does, in sRGB, RGB or RGBA.

    None where 8 bits are all that can be had of it: other files, CMYK, colour profiles that are tables.
    """
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[24] == 16:
        with Image.open(BytesIO(data)) as image:
            orientation, profile = int(image.getexif().get(_ORIENTATION, 1)), image.info.get("icc_profile")
        png: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        values, cmyk = _from_bgr(png), False
    elif data[:4] in _TIFF_STARTS and (deep := _tiff_values(data)) is not None:
        import tifffile

        values, cmyk = deep
        with tifffile.TiffFile(BytesIO(data)) as file:
            tags = file.pages[0].tags  # type: ignore[union-attr]
            orientation, profile = int(tags.valueof(_ORIENTATION, 1)), tags.valueof(_ICC_PROFILE)
    else:
        return None
    if cmyk or values.dtype.itemsize == 1:
        return None
    values = _scaled(values.reshape(*values.shape[:2], -1)[..., :4], 65535)
    if values.shape[2] < 3:
        values = values[..., [0, 0, 0, 1][: 2 + values.shape[2]]]
    upright = deep_to_srgb(np.ascontiguousarray(values), profile)
    turn = _UPRIGHT.get(orientation)
    return upright if upright is None or turn is None else np.ascontiguousarray(turn(upright))


_UPRIGHT: dict[int, Callable[[DeepPicture], DeepPicture]] = {
    2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1), 7: lambda a: a.swapaxes(0, 1)[::-1, ::-1], 8: np.rot90,
}  # fmt: skip
"""EXIF's orientation → what sets a picture upright."""


def _image_from_array(array: NDArray[Any], cmyk: bool = False) -> Image.Image:
    channels = 1 if array.ndim == 2 else array.shape[2]
    if array.ndim not in (2, 3) or channels == 0:
        raise ValueError(f"an array of shape {array.shape} is no picture")
    array = _scaled(array[..., :4] if channels > 4 else array, 255)
    if channels == 1:
        return Image.fromarray(array.reshape(array.shape[:2]))
    if cmyk and channels >= 4:
        return Image.frombytes("CMYK", (array.shape[1], array.shape[0]), np.ascontiguousarray(array).tobytes())
    if channels == 2:
        return Image.merge("LA", [Image.fromarray(np.ascontiguousarray(array[..., c])) for c in range(2)])
    return Image.fromarray(np.ascontiguousarray(array))


def _scaled(array: NDArray[Any], top: Literal[255, 65535]) -> NDArray[Any]:
    """Return values of any kind as numbers from 0 to `top`."""
    if array.dtype in (np.uint8, np.uint16):
        return to_8_bits(array) if top == 255 else to_16_bits(array)
    if array.dtype.kind == "f":
        values = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
        # whoever writes floats writes 0–1; the others keep the range that their numbers came from
        highest = float(values.max(initial=0.0))
        full = next((limit for limit in (1.0, 255.0, 65535.0) if highest <= limit), highest)
    else:
        values = array.astype(np.float32)
        full = float(65535 if array.dtype == np.int32 and array.max() <= 65535 else np.iinfo(array.dtype).max)
    return (values.clip(0.0, full) * (float(top) / full) + 0.5).astype(np.uint8 if top == 255 else np.uint16)


def _plain_mode(image: Image.Image) -> Image.Image:
    """Bring any of Pillow's modes to L, LA, RGB, RGBA or CMYK; loses nothing but palettes."""
    if "transparency" in image.info and image.mode in ("1", "L", "P", "PA", "RGB"):
        return image.convert("RGBA")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _image_from_array(np.asarray(image))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.applyTransform(image, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))
        return image.convert("L") if converted is None else converted
    return image.convert({"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA"}.get(image.mode, "RGB"))


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    image.getexif()[_ORIENTATION] = orientation
    return ImageOps.exif_transpose(image)


def _too_large(name: str, size: str) -> PictureError:
    return PictureError(
        f"“{name}” is far too large to open ({size}; at most {HARD_LIMIT // 1_000_000} megapixels).",
        "Make it smaller in another program first. If it is a small file, it may be a trap.",
    )


def _damaged(name: str, error: Exception) -> PictureError:
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return PictureError(f"“{name}” is incomplete: its end is missing.", "Fetch or copy the file again.")
    return PictureError(
        f"“{name}” is damaged and cannot be read ({type(error).__name__}: {str(error)[:120]}).",
        "Fetch or copy the file again, or open it in the program that made it and export it anew.",
    )


def _not_a_picture(data: bytes, name: str) -> PictureError:
    kind, remedy = _recognise(data)
    return PictureError(f"“{name}” is {kind}.", remedy)


def _recognise(data: bytes) -> tuple[str, str]:
    """Say what a file that is no readable picture seems to be, and what helps."""
    export = "Export it as PNG, JPEG or TIFF in another program, and open that."
    head = data[:4096]
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"heic", b"heix", b"mif1", b"hevc"):
            return "a HEIC picture, which cannot be read here", export
        return "a video", "Export one of its frames as a picture, and open that."
    for signature, kind in ((b"%PDF", "a PDF document"), (b"%!PS", "a PostScript drawing"), (b"PK\3\4", "an archive")):
        if head.startswith(signature):
            return f"{kind}, not a picture", export
    if b"<svg" in head:
        return "an SVG drawing, not a picture of pixels", export
    if (
        head[:3] == b"\xff\xd8\xff"
        or head.startswith((b"\x89PNG", b"II*\0", b"MM\0*", b"GIF8", b"BM"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
    ):
        return "damaged: it starts like a picture, but cannot be read", "Fetch or copy the file again."
    try:
        is_text = b"\0" not in head and bool(head[:-4].decode().strip() or len(head) <= 4)
    except UnicodeDecodeError:
        is_text = False
    if is_text:
        return "a text file, not a picture", "Choose a picture: PNG, JPEG, TIFF, WebP, GIF or BMP."
    return "not a picture that can be read here", "Choose a picture: PNG, JPEG, TIFF, WebP, GIF or BMP."
