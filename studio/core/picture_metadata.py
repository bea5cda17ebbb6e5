"""What a saved picture says about itself: its recipe, and the mark of pictures made with AI.

PNG holds the recipe in a text chunk of its own; JPEG, WebP and TIFF hold it in their XMP packet, which in a JPEG goes
on in "extended" segments where it is longer than one segment's 64 KB (Adobe, XMP Specification Part 3, 1.1.3.1).
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from studio.core.picture_tasks import picture_task_named
from studio.core.recipes import Recipe

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
RECIPE_KEYWORD = "atelier-recipe"
RECIPE_NAMESPACE = "urn:atelier-studio:recipe#"

_CODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_XMP_KEYWORD = "XML:com.adobe.xmp"
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION_HEADER = b"http://ns.adobe.com/xmp/extension/\0"
_SEGMENT_LIMIT = 65_000
_RECIPE_LIMIT = 64 * 2**20
_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "atelier": RECIPE_NAMESPACE,
}


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What goes from a photo into a picture made from it.

    Attributes:
        exif: a TIFF structure, as PNG's eXIf chunk holds it; empty where there is none.
        dpi: dots per inch, horizontally and vertically.
        xmp: properties of an XMP packet, as XML elements with their namespaces.

    """

    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    xmp: str = ""


def digital_source_type(recipe: Recipe | None) -> str | None:
    """Return IPTC's code for how a picture was made; None where no network had a part in it.

    Pure texture is the network's own, all else builds on a photo.
    """
    task = None if recipe is None else picture_task_named(recipe.task)
    if recipe is not None and not recipe.weights and task is not None and not task.products:
        return None
    generated = recipe is not None and recipe.settings.get("mode") == "texture"
    return _CODES + ("trainedAlgorithmicMedia" if generated else "compositeWithTrainedAlgorithmicMedia")


def xmp_packet(
    recipe_json: str | None, source_type: str | None, extension: str | None = None, photo: str = ""
) -> bytes:
    """Return an XMP packet.

    Args:
        recipe_json: the recipe.
        source_type: the digital source type.
        extension: the name of a JPEG's extension.
        photo: properties that the photo brought along, as XML.

    """
    properties = [
        ("xmp:CreatorTool", "Atelier"),
        ("Iptc4xmpExt:DigitalSourceType", source_type),
        ("xmpNote:HasExtendedXMP", extension),
        ("atelier:recipe", recipe_json),
    ]
    body = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in properties if value is not None)
    body += photo
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items() if prefix != "rdf")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{_NAMESPACES["rdf"]}"><rdf:Description rdf:about="" {declared}>{body}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def add_to_png(
    data: bytes, recipe_json: str | None, source_type: str | None, icc_profile: bytes, photo: PhotoMetadata
) -> bytes:
    """Return a PNG file with profile, recipe, mark and the photo's metadata as its first chunks."""
    chunks = [_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile))]
    if photo.dpi:
        x, y = (round(dpi / 0.0254) for dpi in photo.dpi)  # in dots per metre
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", x, y, 1)))
    if photo.exif:
        chunks.append(_chunk(b"eXIf", photo.exif))
    if source_type is not None or photo.xmp:
        chunks.append(_text_chunk(_XMP_KEYWORD, xmp_packet(None, source_type, photo=photo.xmp)))
    if recipe_json is not None:
        chunks.append(_text_chunk(RECIPE_KEYWORD, recipe_json.encode()))
    end_of_header = len(PNG_SIGNATURE) + 25
    return b"".join([data[:end_of_header], *chunks, data[end_of_header:]])


def _text_chunk(keyword: str, text: bytes) -> bytes:
    # uncompressed: readers refuse compressed texts above a megabyte for fear of bombs
    return _chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + text)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def add_to_jpeg(data: bytes, recipe_json: str | None, source_type: str | None, photo: str) -> bytes:
    """Return a JPEG file with its XMP behind the JFIF header and Exif, in as many segments as the recipe takes."""
    photo = photo if len(photo) <= _SEGMENT_LIMIT // 2 else ""
    packet, extension = xmp_packet(recipe_json, source_type, photo=photo), b""
    if len(packet) > _SEGMENT_LIMIT:
        extension = xmp_packet(recipe_json, None)
        packet = xmp_packet(None, source_type, hashlib.md5(extension).hexdigest().upper(), photo)
    segments = [_app1(_XMP_HEADER + packet)]
    name = hashlib.md5(extension).hexdigest().upper().encode()
    for offset in range(0, len(extension), _SEGMENT_LIMIT):
        place = name + struct.pack(">II", len(extension), offset)
        segments.append(_app1(_EXTENSION_HEADER + place + extension[offset : offset + _SEGMENT_LIMIT]))
    start = 2
    while data[start : start + 2] == b"\xff\xe0" or data[start + 4 : start + 10] == b"Exif\0\0":
        start += 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    return b"".join([data[:start], *segments, data[start:]])


def _app1(body: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def find_recipe_json(data: bytes) -> str | None:
    """Return the recipe's JSON from a PNG, JPEG, WebP or TIFF file's bytes, or None where there is none."""
    try:
        if data.startswith(PNG_SIGNATURE):
            return _recipe_of_png(data)
        for packet in xmp_packets(data):
            recipe = _recipe_of_xmp(packet)
            if recipe is not None:
                return recipe
    except (struct.error, IndexError, UnicodeDecodeError, zlib.error):
        return None  # a file damaged there: whether the picture itself can be read is not decided here
    return None


def _recipe_of_png(data: bytes) -> str | None:
    for body in _png_chunks(data, b"iTXt"):
        keyword, _, rest = body.partition(b"\0")
        if keyword == RECIPE_KEYWORD.encode():
            text = rest[2:].split(b"\0", 2)[2]
            if rest[0]:  # another program may have compressed it
                text = zlib.decompressobj().decompress(text, _RECIPE_LIMIT)
            return text.decode()
    return None


def _png_chunks(data: bytes, wanted: bytes) -> Iterator[bytes]:
    place = len(PNG_SIGNATURE)
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == wanted:
            yield data[place + 8 : place + 8 + length]
        place += 12 + length


def xmp_packets(data: bytes) -> Iterator[bytes]:
    """Yield the XMP packets of a PNG, JPEG, WebP or TIFF file.

    Raises:
        struct.error, IndexError: the file is damaged there.

    """
    if data.startswith(PNG_SIGNATURE):
        for body in _png_chunks(data, b"iTXt"):
            if body.startswith(_XMP_KEYWORD.encode() + b"\0\0"):
                yield body[len(_XMP_KEYWORD) + 3 :].split(b"\0", 2)[2]
    elif data.startswith(b"\xff\xd8"):
        yield from _xmp_of_jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _xmp_of_webp(data)
    elif data[:4] in (b"II*\0", b"MM\0*"):
        yield from _xmp_of_tiff(data)


def _xmp_of_jpeg(data: bytes) -> Iterator[bytes]:
    pieces: dict[bytes, dict[int, bytes]] = {}
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, place + 2)
        body = data[place + 4 : place + 2 + length]
        if body.startswith(_XMP_HEADER):
            yield body[len(_XMP_HEADER) :]
        elif body.startswith(_EXTENSION_HEADER):
            rest = body[len(_EXTENSION_HEADER) :]
            (offset,) = struct.unpack_from(">I", rest, 36)
            pieces.setdefault(rest[:32], {})[offset] = rest[40:]
        place += 2 + length
    for name, parts in pieces.items():
        extension = b"".join(part for _, part in sorted(parts.items()))
        if hashlib.md5(extension).hexdigest().upper().encode() == name.upper():
            yield extension


def _xmp_of_webp(data: bytes) -> Iterator[bytes]:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind == b"XMP ":
            yield data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _xmp_of_tiff(data: bytes) -> Iterator[bytes]:
    order = "<" if data[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    for number in range(count):
        tag, _, length, offset = struct.unpack_from(order + "HHII", data, directory + 2 + 12 * number)
        if tag == 700:
            yield data[offset : offset + length]


def _recipe_of_xmp(packet: bytes) -> str | None:
    """Find the recipe as an element or, as other programs may rewrite it, as an attribute."""
    text = packet.decode(errors="replace").strip("\ufeff\0 \r\n\t")
    if "<!DOCTYPE" in text:
        return None  # XMP has no use for entity declarations; bombs have
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    name = f"{{{RECIPE_NAMESPACE}}}recipe"
    for element in root.iter():
        if element.tag == name:
            return element.text
        if name in element.attrib:
            return element.attrib[name]
    return None
