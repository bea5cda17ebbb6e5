"""What a photo says of itself that stays true of a picture made from it: author, rights, date, camera, lens, dpi.

Not its orientation (pixels are upright here), its thumbnail, its size or the maker's private notes; where it was taken
only if that is wanted.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any, Literal, TypeAlias
from xml.etree import ElementTree

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from studio.core.picture_metadata import PhotoMetadata, xmp_packets

MetadataChoice: TypeAlias = Literal["keep", "location", "none"]
"""What of the photo's metadata goes into a picture: all but where it was taken, that as well, or nothing."""

_EXIF, _GPS, _ORIENTATION, _SOFTWARE = 34665, 34853, 274, 305
_ABOUT = (270, 271, 272, 282, 283, 296, 306, 315, 18246, 33432)
"""Description, make, model, resolution (x, y, unit), date, artist, rating, copyright."""
_NOT_OF_A_RESULT = {37500, 40961, 40962, 40963, 40965}
"""The maker's note (its offsets are those of the photo's file), colour space, width, height, interoperability."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XMP_KEPT = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
_XMP_PLACES = {"City", "State", "Country", "Location", "CountryCode"}
_XMP_OF_THE_FILE = {"ColorMode", "ICCProfile", "format", "History", "DocumentAncestors", "TextLayers"}


def read_photo_metadata(data: bytes, choice: MetadataChoice) -> PhotoMetadata:
    """Return what `choice` lets through of a picture file's metadata; what cannot be read is left out."""
    if choice == "none" or not data:
        return PhotoMetadata()
    location = choice == "location"
    exif, dpi = b"", None
    with suppress(Exception), Image.open(BytesIO(data)) as image:  # broken metadata may raise anything
        dpi = _dpi(image)
        exif = _exif(image, location)
    xmp = ""
    with suppress(struct.error, IndexError):
        xmp = "".join(_xmp(data, location))
    return PhotoMetadata(exif, dpi, xmp)


def tiff_directories(exif: bytes) -> tuple[list[tuple[int, int, int, Any, bool]], dict[int, Any]]:
    """Return Exif as tifffile's extra tags for the texts of the first directory, and as the Exif directory's fields."""
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
    return tags, dict(source.get_ifd(_EXIF))


def tiff_directory(fields: dict[int, Any], offset: int) -> bytes:
    """Return a little-endian directory of such fields, to stand at `offset` of a TIFF file."""
    directory = ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    for tag, value in fields.items():
        directory[tag] = value
    return directory.tobytes(offset)


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    if dpi is None or image.info.get("jfif_unit") == 0:
        return None
    x, y = (float(each) for each in dpi)
    return (x, y) if 1.0 <= x <= 100_000.0 and 1.0 <= y <= 100_000.0 else None


def _exif(image: Image.Image, location: bool) -> bytes:
    source, kept = image.getexif(), Image.Exif()
    for tag in _ABOUT:
        if tag in source:
            kept[tag] = _raw(source[tag])
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


def _xmp(data: bytes, location: bool) -> Iterator[str]:
    """Yield the properties about author, rights and content from a file's XMP packet."""
    for prefix, uri in _XMP_KEPT.items():
        ElementTree.register_namespace(prefix, uri)
    seen = set()
    for packet in xmp_packets(data):
        text = packet.decode(errors="replace").strip("\ufeff\0 \r\n\t")
        if "<!DOCTYPE" in text:
            continue  # XMP has no use for entity declarations; bombs have
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError:
            continue
        for description in root.iter(f"{_RDF}Description"):
            attributes = (_element(name, value) for name, value in description.attrib.items())
            for element in (*attributes, *description):
                uri, _, name = element.tag[1:].partition("}")
                wanted = uri in _XMP_KEPT.values() and name not in _XMP_OF_THE_FILE
                if wanted and (location or name not in _XMP_PLACES) and element.tag not in seen:
                    seen.add(element.tag)
                    element.tail = None
                    yield ElementTree.tostring(element, encoding="unicode")


def _element(name: str, value: str) -> ElementTree.Element:
    element = ElementTree.Element(name if name.startswith("{") else f"{{}}{name}")
    element.text = value
    return element
