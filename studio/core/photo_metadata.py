"""What a photo says of itself that stays true of a picture made from it: author, rights, date, camera, lens, dpi.

Not its orientation (pixels are upright here), its thumbnail, its size or the maker's private notes; where it was taken
only if that is wanted.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from typing import Any, Literal, TypeAlias
from xml.etree import ElementTree

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from studio.core.deep_decoding import TIFF_STARTS
from studio.core.photo_credits import as_xmp, credits_in
from studio.core.picture_decoding import open_image
from studio.core.picture_metadata import PhotoMetadata, xmp_elements, xmp_packets

MetadataChoice: TypeAlias = Literal["keep", "location", "none"]
"""What of the photo's metadata goes into a picture: all but where it was taken, that as well, or nothing."""

_EXIF, _GPS, _ORIENTATION, _SOFTWARE = 34665, 34853, 274, 305
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_INCHES = {2: 1.0, 3: 2.54}
"""Exif's unit → how many of it are an inch; without a unit, the numbers are a proportion."""
_RESOLUTION_RESOURCE, _IPTC_RESOURCE, _EXIF_RESOURCE, _XMP_RESOURCE = 1005, 1028, 1058, 1060
"""Where Photoshop documents keep those (Adobe, Photoshop File Formats, image resources)."""
_TIFF_XMP, _TIFF_IPTC = 700, 33723
_ABOUT = (270, 271, 272, 306, 315, 18246, 33432)
"""Description, make, model, date, artist, rating, copyright."""
_NOT_OF_A_RESULT = {37500, 40961, 40962, 40963, 40965}
"""The maker's note (its offsets are those of the photo's file), colour space, width, height, interoperability."""

_DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
_XMP_KEPT = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
for _prefix, _uri in _XMP_KEPT.items():
    ElementTree.register_namespace(_prefix, _uri)
_XMP_PLACES = {"City", "State", "Country", "Location", "CountryCode"}
_XMP_OF_THE_FILE = {"ColorMode", "ICCProfile", "format", "History", "DocumentAncestors", "TextLayers"}


def read_photo_metadata(data: bytes, choice: MetadataChoice) -> PhotoMetadata:
    """Return what `choice` lets through of a picture file's metadata; what cannot be read is left out."""
    if choice == "none" or not data:
        return PhotoMetadata()
    location = choice == "location"
    exif, dpi, packets, credits = b"", None, list[bytes](), dict[str, list[str]]()
    with suppress(struct.error, IndexError):
        packets = [*xmp_packets(data)]
    with suppress(Exception):  # broken metadata may raise anything
        source = _source_of(data)
        packets = packets or [source.xmp]
        with suppress(Exception):
            dpi = _dpi(source)
        exif = _exif(source.exif, dpi, location)
        credits = credits_in(source.iptc, source.info if source.format == "PNG" else {})
    return PhotoMetadata(exif, dpi, "".join(_xmp(packets, credits, location)))


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """What a file tells beside its pixels: `dpi` as a Photoshop document does, `info` as Pillow does."""

    format: str
    info: Mapping[Any, Any]
    exif: Image.Exif
    iptc: bytes
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None


def _source_of(data: bytes) -> _Source:
    if data[:4] in TIFF_STARTS:  # Pillow opens few of the deep ones; their fields are Exif's
        exif = Image.Exif()
        exif.load_from_fp(BytesIO(data))
        return _Source("TIFF", {}, exif, _iptc_of_tiff(data), exif.get(_TIFF_XMP) or b"")
    with open_image(data) as image:
        if image.format != "PSD":
            exif, info = image.getexif(), image.info  # in this order: a PNG's last chunks come with its Exif
            iptc = info.get("photoshop", {}).get(_IPTC_RESOURCE, b"")
            return _Source(image.format or "", info, exif, iptc, info.get("xmp") or b"")
        resources: dict[int, bytes] = {number: body for number, _, body in image.resources}  # type: ignore[attr-defined]
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + resources[_EXIF_RESOURCE] if _EXIF_RESOURCE in resources else b"")
    resolution = resources.get(_RESOLUTION_RESOURCE, b"")[:12].ljust(12, b"\0")
    x, y = (each / 65536 for each in struct.unpack(">I4xI", resolution))
    iptc, xmp = resources.get(_IPTC_RESOURCE, b""), resources.get(_XMP_RESOURCE, b"")
    return _Source("PSD", {}, exif, iptc, xmp, (x, y))


def _iptc_of_tiff(data: bytes) -> bytes:
    import tifffile  # slow to import; unlike Pillow it gives all of a field that some programs call numbers

    with suppress(Exception), tifffile.TiffFile(BytesIO(data)) as file:
        return bytes(file.pages[0].tags.valueof(_TIFF_IPTC, b""))  # type: ignore[union-attr]
    return b""


def tiff_directories(exif: bytes) -> tuple[list[tuple[int, int, int, Any, bool]], dict[int, dict[int, Any]]]:
    """Return Exif as tifffile's extra tags for the texts of the first directory, and the fields of those below it.

    These are by the tag that points at them: Exif's own, and where the photo was taken.
    """
    if not exif:
        return [], {}
    source = Image.Exif()
    source.load(b"Exif\0\0" + exif)
    texts = [
        (tag, str(source[tag]).encode("latin-1", "replace"))
        for tag in (270, 271, 272, 306, 315, 33432)
        if tag in source
    ]
    tags = [(tag, 2, len(text) + 1, text + b"\0", True) for tag, text in texts]
    below = {tag: dict(source.get_ifd(tag)) for tag in (_EXIF, _GPS)}
    return tags, {tag: fields for tag, fields in below.items() if fields}


def tiff_directory(fields: dict[int, Any], offset: int) -> bytes:
    """Return a little-endian directory of such fields, to stand at `offset` of a TIFF file."""
    directory = ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    for tag, value in fields.items():
        directory[tag] = value
    return directory.tobytes(offset)


def _dpi(source: _Source) -> tuple[float, float] | None:
    """Return what the file's own header says, or else Exif: cameras and WebP say it only there."""
    exif, told = source.exif, source.dpi or source.info.get("dpi")
    if source.format in ("JPEG", "MPO") and not source.info.get("jfif_unit"):
        told = None  # where there is none, Pillow makes one up
    if told is None and _X_RESOLUTION in exif and (inches := _INCHES.get(exif.get(_RESOLUTION_UNIT, 2))):
        told = (exif[_X_RESOLUTION] * inches, exif.get(_Y_RESOLUTION, exif[_X_RESOLUTION]) * inches)
    if told is None:
        return None
    x, y = (float(each) for each in told)
    return (x, y) if 1.0 <= x <= 100_000.0 and 1.0 <= y <= 100_000.0 else None


def _exif(source: Image.Exif, dpi: tuple[float, float] | None, location: bool) -> bytes:
    kept = Image.Exif()
    for tag in _ABOUT:
        if tag in source:
            kept[tag] = _raw(source[tag])
    if dpi:
        kept[_X_RESOLUTION], kept[_Y_RESOLUTION], kept[_RESOLUTION_UNIT] = *dpi, 2
    details = {tag: _raw(value) for tag, value in source.get_ifd(_EXIF).items() if tag not in _NOT_OF_A_RESULT}
    if details:
        kept.get_ifd(_EXIF).update(details)
    if location and (place := source.get_ifd(_GPS)):
        kept.get_ifd(_GPS).update(place)
    if not len(kept) and not details and not kept.get_ifd(_GPS):
        return b""
    kept[_ORIENTATION], kept[_SOFTWARE] = 1, "Atelier"
    return _written(kept)


def _raw(value: Any) -> Any:
    """Return a text with other letters than English ones as the file's bytes: Pillow would write question marks."""
    return value.encode("latin-1", "replace") if isinstance(value, str) and not value.isascii() else value


def _written(exif: Image.Exif) -> bytes:
    """Return Exif's bytes; without what cannot be written again, for other programs write any type into any field."""
    with suppress(Exception):
        return exif.tobytes().removeprefix(b"Exif\0\0")
    for fields in (exif, exif.get_ifd(_EXIF), exif.get_ifd(_GPS)):
        for tag in list(fields):
            alone = Image.Exif()
            alone[tag] = fields[tag]
            try:
                alone.tobytes()
            except Exception:
                del fields[tag]
    return exif.tobytes().removeprefix(b"Exif\0\0")


def _xmp(packets: Sequence[bytes], credits: Mapping[str, Sequence[str]], location: bool) -> Iterator[str]:
    """Yield the properties about author, rights and content from XMP packets; what they lack, from other credits."""
    seen = set[str]()
    for description in chain.from_iterable(map(xmp_elements, packets)):
        if description.tag != _DESCRIPTION:
            continue
        attributes = (_element(name, value) for name, value in description.attrib.items())
        for element in (*attributes, *description):
            uri, _, name = element.tag[1:].partition("}")
            wanted = uri in _XMP_KEPT.values() and name not in _XMP_OF_THE_FILE
            if wanted and (location or name not in _XMP_PLACES) and element.tag not in seen:
                seen.add(element.tag)
                element.tail = None
                yield ElementTree.tostring(element, encoding="unicode")
    for element in as_xmp(credits, _XMP_KEPT):
        if element.tag not in seen and (location or element.tag.partition("}")[2] not in _XMP_PLACES):
            yield ElementTree.tostring(element, encoding="unicode")


def _element(name: str, value: str) -> ElementTree.Element:
    element = ElementTree.Element(name if name.startswith("{") else f"{{}}{name}")
    element.text = value
    return element
