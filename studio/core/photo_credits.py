"""What older programs wrote about a photo beside Exif and XMP: IPTC's by-lines, and the texts of PNG files.

Agencies' and many scanners' pictures name their author only there. It is kept as XMP, which every format can hold.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

__all__ = ["as_xmp", "credits_in"]

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_IPTC = {
    5: "dc:title", 25: "dc:subject", 40: "photoshop:Instructions", 80: "dc:creator", 90: "photoshop:City",
    92: "Iptc4xmpCore:Location", 95: "photoshop:State", 101: "photoshop:Country", 105: "photoshop:Headline",
    110: "photoshop:Credit", 115: "photoshop:Source", 116: "dc:rights", 120: "dc:description",
}  # fmt: skip
"""Data sets of IPTC's record 2 (IIM 4.2) → their properties in XMP (IPTC Photo Metadata Standard)."""
_PNG = {"Title": "dc:title", "Author": "dc:creator", "Copyright": "dc:rights", "Description": "dc:description"}
_CONTAINERS = {"dc:creator": "Seq", "dc:subject": "Bag", "dc:title": "Alt", "dc:rights": "Alt", "dc:description": "Alt"}


def credits_in(iptc: bytes, png: Mapping[Any, Any]) -> dict[str, list[str]]:
    """Return XMP's names of properties → their texts.

    Args:
        iptc: the records of IPTC, as JPEG, TIFF and Photoshop files hold them.
        png: the texts of a PNG, by keyword.

    """
    credits = {_PNG[name]: [str(png[name])] for name in _PNG if png.get(name)}
    for number, value in _records(iptc):
        if number in _IPTC and value:
            credits.setdefault(_IPTC[number], []).append(_text(value))
    return credits


def _records(iptc: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the data sets of record 2, as far as they can be read (IIM 4.2, 1.5)."""
    place = 0
    while place + 5 <= len(iptc) and iptc[place] == 0x1C:
        record, number, length = struct.unpack_from(">BBH", iptc, place + 1)
        place += 5 + length
        if record == 2 and place <= len(iptc):
            yield number, iptc[place - length : place]


def as_xmp(credits: Mapping[str, Sequence[str]], namespaces: Mapping[str, str]) -> Iterator[ElementTree.Element]:
    """Yield such properties as XMP writes them: authors and words as lists, texts in a language.

    Args:
        credits: see `credits_in`.
        namespaces: prefix → URI.

    """
    for name, texts in credits.items():
        prefix, _, local = name.partition(":")
        element = ElementTree.Element(f"{{{namespaces[prefix]}}}{local}")
        if name not in _CONTAINERS:
            element.text = texts[0]
        else:
            container = ElementTree.SubElement(element, f"{{{_RDF}}}{_CONTAINERS[name]}")
            for text in texts:
                item = ElementTree.SubElement(container, f"{{{_RDF}}}li")
                item.text = text
                if _CONTAINERS[name] == "Alt":
                    item.set(_XML_LANG, "x-default")
        yield element


def _text(value: bytes) -> str:
    """Read a record's text, without control signs: UTF-8 where it is that, as newer programs write, else Latin-1."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t").strip()
