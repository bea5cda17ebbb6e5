"""Pictures of more than 8 bits a channel: PNG, TIFF, PSD and PFM, to sRGB in 16 bits before anything is rounded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.core.events import DeepPicture
from studio.core.icc import deep_to_srgb, lab_to_srgb
from studio.core.tiff_packing import is_unpacked, unpacked

__all__ = [
    "TIFF_STARTS", "DeepValues", "RawPictureError", "check_size",
    "deep_values", "main_page_first", "unit_16", "upright",
]  # fmt: skip

TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION, _DNG_VERSION, _ICC_PROFILE = 274, 50706, 34675
_COLOURS = {"GRAY": 1, "RGB": 3, "CMYK": 4, "LAB": 3}
_PSD_TYPES = {8: ">u1", 16: ">u2", 32: ">f4"}
_NOT_DECODED = (ValueError, KeyError, NotImplementedError, ImportError)
"""What tifffile raises where it lacks the package `imagecodecs`."""
_THUMBNAIL = 4
"""A first page of so many times fewer pixels than another one is a thumbnail, whether it says so or not."""


class RawPictureError(Exception):
    """A camera's raw file, whose full picture has yet to be developed; named after the maker where that is known."""


@dataclass(frozen=True, slots=True, eq=False)
class DeepValues:
    """What stands in a file: `colours` H×W×C uint16 in `space`, straight `alpha` H×W uint16, as the file lies.

    `colours` of LAB are float32 (L* 0–100, a* and b* around 0).
    """

    space: str
    colours: NDArray[Any]
    alpha: NDArray[np.uint16] | None = None
    profile: bytes | None = None
    orientation: int = 1
    bits: int = 16

    def to_srgb(self) -> DeepPicture | None:
        """Return RGB or RGBA, sRGB; None where only Pillow can say what the numbers mean (CMYK, table profiles)."""
        if self.space == "CMYK":
            return None
        colours = lab_to_srgb(self.colours) if self.space == "LAB" else deep_to_srgb(self.colours, self.profile)
        if colours is None or self.alpha is None:
            return colours
        return np.dstack([colours, self.alpha])


def deep_values(data: bytes) -> DeepValues | None:
    """Return what stands in a PNG of 16 bits, in a TIFF, PSD or PFM file; None of any other file, and where it cannot.

    A TIFF's first page is read: see `main_page_first`.

    Raises:
        Exception: whatever a broken file trips the readers into.

    """
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[24] == 16:
        return _of_png(data)
    if data[:4] in TIFF_STARTS:
        return _of_tiff(data)
    if data[:6] == b"8BPS\0\1":
        return _of_psd(data)
    if data[:3] in (b"PF\n", b"Pf\n", b"PF ", b"Pf "):
        return _of_pfm(data)
    return None


def _of_png(data: bytes) -> DeepValues:
    array: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if array is None:
        raise ValueError("its pixels cannot be decoded")
    array = _from_bgr(array.reshape(*array.shape[:2], -1))
    colours = array.shape[2] - (array.shape[2] in (2, 4))
    alpha = array[..., colours] if array.shape[2] > colours else None
    return DeepValues("GRAY" if colours == 1 else "RGB", array[..., :colours], alpha)


def _from_bgr(array: NDArray[Any]) -> NDArray[Any]:
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(array.shape[2])
    return array if order is None else array[..., order]


def main_page_first(data: bytes) -> bytes:
    """Return a TIFF file whose first page is its picture: pages marked as smaller versions or masks are passed over.

    Cameras, scanners and pyramids put a thumbnail first, and the picture behind it or into a SubIFD.

    Raises:
        RawPictureError: what is behind the thumbnail is a sensor's raw data.

    """
    import tifffile  # seldom needed, and slow to import

    with tifffile.TiffFile(BytesIO(data)) as file:
        pages = list(_pages(file))
        if not pages:
            raise ValueError("its directory is not there")
        kinds = {page.offset: getattr(page.photometric, "name", "") for page in pages}
        full = [page for page in pages if not page.subfiletype & 0b101 and page.tags.valueof(255, 1) == 1]
        raw = [page for page in full if kinds[page.offset] in ("CFA", "LINEAR_RAW")]
        full = [page for page in full if page not in raw] or ([] if raw else pages[:1])
        best = full[0] if full else None
        for page in full:
            if best is not None and _area(page) >= _THUMBNAIL * _area(best):
                best = page
        if best is None or any(_area(page) > _area(best) for page in raw):
            raise RawPictureError
        if best.offset == pages[0].offset:
            return data
        big = data[2:4] in (b"+\0", b"\0+")
        order = "<" if data[:2] == b"II" else ">"
        place, form = (8, "Q") if big else (4, "I")
        offset = struct.pack(order + form, best.offset)
    return data[:place] + offset + data[place + len(offset) :]


def _pages(file: Any) -> Iterator[Any]:
    for number in range(min(len(file.pages), 64)):
        page = file.pages[number]
        yield page
        for child in page.pages or ():
            yield getattr(child, "keyframe", child)


def _area(page: Any) -> int:
    return int(page.imagewidth) * int(page.imagelength)


def _of_tiff(data: bytes) -> DeepValues | None:
    import tifffile  # seldom needed, and slow to import

    with tifffile.TiffFile(BytesIO(data)) as file:
        page: Any = file.pages[0]
        check_size(page.imagewidth, page.imagelength)
        bits = page.bitspersample if isinstance(page.bitspersample, int) else max(page.bitspersample)
        space = _space(page.photometric.name)
        try:
            array = page.asarray()
        except _NOT_DECODED:
            return None if is_unpacked(page) else _of_tiff(unpacked(data))
        if array.ndim == 3 and page.planarconfig.name == "SEPARATE":
            array = np.moveaxis(array, 0, -1)
        array = array.reshape(*array.shape[:2], -1)
        count = _COLOURS.get(space, 0)
        profile, orientation = page.tags.valueof(_ICC_PROFILE) or None, page.tags.valueof(_ORIENTATION, 1)
        values = partial(DeepValues, profile=profile, orientation=upright(orientation), bits=bits)
        photometric, extras, colormap = page.photometric.name, tuple(page.extrasamples), page.colormap
    if photometric == "PALETTE" and colormap is not None:
        return values("RGB", np.moveaxis(colormap[:, array[..., 0]], 0, -1))
    if not count or array.shape[2] < count:
        return None
    colours, alpha = array[..., :count], None
    kind = next((kind for kind in extras if kind in (1, 2)), 0)  # 1: premultiplied; 2: straight; 0: anything
    if kind and array.shape[2] > count + (place := extras.index(kind)):
        alpha = unit_16(array[..., count + place], bits)
    if space == "LAB":
        return values(space, _lab(colours, photometric), alpha)
    colours = unit_16(colours, bits)
    if photometric == "MINISWHITE":
        colours = 65535 - colours
    elif photometric == "YCBCR":
        colours = _ycbcr_to_rgb(colours)
    if kind == 1 and alpha is not None:
        colours = unpremultiplied(colours, alpha)
    return values(space, colours, alpha)


def _space(photometric: str) -> str:
    if photometric in ("MINISBLACK", "MINISWHITE"):
        return "GRAY"
    if photometric in ("RGB", "YCBCR", "PALETTE"):
        return "RGB"
    return {"SEPARATED": "CMYK", "CIELAB": "LAB", "ICCLAB": "LAB"}.get(photometric, "")


def upright(orientation: Any) -> int:
    """Return Exif's orientation, 1–8; 1 where a file says anything else."""
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _lab(values: NDArray[Any], photometric: str) -> NDArray[np.float32]:
    """Return L*, a*, b* of TIFF's codings (TIFF 6.0, section 23; Adobe's TechNote 4 for ICCLab)."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    deep = values.dtype.itemsize > 1
    signed = values.view(np.int16 if deep else np.int8).astype(np.float32)
    unsigned = values.astype(np.float32)
    step = 256.0 if deep else 1.0
    if photometric == "ICCLAB":
        lightness, colour = unsigned[..., :1] / (652.80 if deep else 2.55), unsigned[..., 1:] / step - 128.0
    else:
        lightness, colour = unsigned[..., :1] / (655.35 if deep else 2.55), signed[..., 1:] / step
    return np.concatenate([lightness, colour], axis=2)


def _ycbcr_to_rgb(values: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Undo TIFF's default YCbCr (TIFF 6.0, section 21: the coefficients of ITU-R BT.601, all levels used)."""
    y, cb, cr = (values[..., channel].astype(np.float32) for channel in range(3))
    cb, cr = cb - 32768.0, cr - 32768.0
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    return np.asarray(np.rint(rgb).clip(0, 65535), np.uint16)


def _of_psd(data: bytes) -> DeepValues | None:
    """Read a Photoshop document's merged picture (Adobe, Photoshop File Formats: header, resources, image data)."""
    channels, height, width, bits, mode = struct.unpack_from(">HIIHH", data, 12)
    space = {1: "GRAY", 3: "RGB", 4: "CMYK", 9: "LAB"}.get(mode)
    place = 26 + 4 + struct.unpack_from(">I", data, 26)[0]
    (length,) = struct.unpack_from(">I", data, place)
    profile = _psd_profile(data[place + 4 : place + 4 + length])
    place += 4 + length
    (length,) = struct.unpack_from(">I", data, place)
    layers = struct.unpack_from(">h", data, place + 8)[0] if length >= 10 else 0
    place += 4 + length
    (compression,) = struct.unpack_from(">H", data, place)
    if space is None or channels < _COLOURS[space] or compression not in (0, 1) or bits not in _PSD_TYPES:
        return None
    check_size(width, height)
    row = width * bits // 8
    if compression == 0:
        raw = data[place + 2 : place + 2 + row * height * channels]
    else:
        start = place + 2 + 2 * height * channels
        raw = Image.frombytes("L", (row, height * channels), data[start:], "packbits", "L").tobytes()
    array = np.moveaxis(np.frombuffer(raw, _PSD_TYPES[bits]).reshape(channels, height, width), 0, -1)
    array = array.astype(array.dtype.newbyteorder("="))
    count = _COLOURS[space]
    colours = array[..., :count]
    # a negative number of layers says that the first channel more is the picture's transparency, not a selection
    alpha = unit_16(array[..., count], bits) if layers < 0 and channels > count else None
    if space == "LAB":
        unit = unit_16(colours, bits).astype(np.float32) / np.float32(65535.0)
        step = {8: 255.0, 16: 65535.0 / 256.0, 32: 255.0}[bits]
        lab = unit * np.array([100.0, step, step], np.float32) - np.array([0.0, 128.0, 128.0], np.float32)
        return DeepValues(space, lab, alpha, bits=bits)
    colours = unit_16(colours, bits)
    if space == "CMYK":
        colours = 65535 - colours  # Photoshop stores how much paper is left
    elif alpha is not None:
        colours = _without_white(colours, alpha)
    return DeepValues(space, colours, alpha, profile, bits=bits)


def _psd_profile(resources: bytes) -> bytes | None:
    place = 0
    while place + 12 <= len(resources):
        (number,) = struct.unpack_from(">H", resources, place + 4)
        name = resources[place + 6] + 1
        place += 6 + name + name % 2
        (length,) = struct.unpack_from(">I", resources, place)
        if number == 1039:
            return resources[place + 4 : place + 4 + length]
        place += 4 + length + length % 2
    return None


def _of_pfm(data: bytes) -> DeepValues:
    """Read a portable float map: "PF" is RGB, "Pf" grey, rows from the bottom, a negative scale is little-endian."""
    fields = data[:200].split(maxsplit=4)
    kind, width, height, scale = fields[0], int(fields[1]), int(fields[2]), fields[3]
    start = data.index(scale, data.index(fields[2], data.index(fields[1], 2) + len(fields[1]))) + len(scale) + 1
    channels = 3 if kind == b"PF" else 1
    count = width * height * channels
    check_size(width, height)
    if len(data) < start + 4 * count:
        raise EOFError("truncated")
    array = np.frombuffer(data, "<f4" if float(scale) < 0 else ">f4", count, start).reshape(height, width, channels)
    return DeepValues("RGB" if channels == 3 else "GRAY", unit_16(array[::-1], 32), bits=32)


def check_size(width: int, height: int) -> None:
    """Raise Pillow's DecompressionBombError for more pixels than are opened here (`picture_decoding.HARD_LIMIT`)."""
    if width * height > (Image.MAX_IMAGE_PIXELS or 0):
        raise Image.DecompressionBombError(f"{width} × {height} pixels")


def unpremultiplied(colours: NDArray[np.uint16], alpha: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return straight colours of those that were multiplied by their alpha."""
    scale = np.float32(65535.0) / np.maximum(alpha, 1).astype(np.float32)
    return np.asarray(np.rint(colours * scale[..., None]).clip(0, 65535), np.uint16)


def _without_white(colours: NDArray[np.uint16], alpha: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Take out of a Photoshop document's merged colours the white that they were laid on."""
    share = np.maximum(alpha, 1).astype(np.float32)[..., None] / np.float32(65535.0)
    straight = (colours - np.float32(65535.0) * (1.0 - share)) / share
    return np.asarray(np.rint(straight).clip(0, 65535), np.uint16)


def unit_16(array: NDArray[Any], bits: int) -> NDArray[np.uint16]:
    """Return values of any kind as numbers from 0 to 65535.

    Floats are 0–1, and what is above is clipped: highlights of renderers and raw developers. Only where most of the
    picture lies far above 1 do its numbers keep the range that they came from, 0–255 or 0–65535.
    """
    if array.dtype == np.uint16 and bits == 16:
        return np.asarray(array, np.uint16)
    if array.dtype.kind == "f":
        values = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=65535.0, neginf=0.0)
        full = 1.0
        if values.size and float(np.median(values)) > 1.5:
            full = next((limit for limit in (255.0, 65535.0) if values.max() <= limit), float(values.max()))
    else:
        values = array.astype(np.float64 if array.dtype.itemsize > 2 else np.float32)
        full = float(np.iinfo(array.dtype).max)
        if 0 < bits < array.dtype.itemsize * 8:
            full = float(2**bits - 1)  # 10, 12 or 14 bits in 16
        elif array.dtype == np.int32 and array.size and array.max() <= 65535:
            full = 65535.0
    return (values.clip(0.0, full) * (65535.0 / full) + 0.5).astype(np.uint16)
