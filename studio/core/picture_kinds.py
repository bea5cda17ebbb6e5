"""What a file that cannot be opened seems to be, and what its owner can do about it."""

from importlib.util import find_spec

__all__ = ["RAW_REMEDY", "raw_maker", "recognise"]

_EXPORT = "Export it as PNG, JPEG or TIFF in another program, and open that."
RAW_REMEDY = "Develop it in darktable, RawTherapee, Lightroom or the camera's own program, export TIFF, and open that."
_CHOOSE = "Choose a picture: PNG, JPEG, TIFF, WebP, GIF or BMP."
_RAW = (
    (0, b"FUJIFILMCCD-RAW", "Fujifilm"),
    (0, b"IIRO", "Olympus"),
    (0, b"IIRS", "Olympus"),
    (0, b"MMOR", "Olympus"),
    (0, b"IIU\0", "Panasonic"),
    (0, b"FOVb", "Sigma"),
    (0, b"\0MRM", "Minolta"),
    (8, b"CR\2", "Canon"),
    (6, b"HEAPCCDR", "Canon"),
    (4, b"ftypcrx ", "Canon"),
)
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2")
_FETCH = "Fetch or copy the file again."
_FRAME = "Export one of its frames as a picture, and open that."
_UNPACK = "Unpack it, and open the pictures in it."
_OTHERS = (
    (0, b"%PDF", "a PDF document, not a picture", _EXPORT),
    (0, b"%!PS", "a PostScript drawing, not a picture", _EXPORT),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript drawing, not a picture", _EXPORT),
    (30, b"mimetypeapplication/x-krita", "a Krita document, which cannot be read here", _EXPORT),
    (30, b"mimetypeimage/openraster", "an OpenRaster document, which cannot be read here", _EXPORT),
    (0, b"PK\3\4", "an archive, not a picture", _UNPACK),
    (0, b"Rar!", "an archive, not a picture", _UNPACK),
    (0, b"7z\xbc\xaf", "an archive, not a picture", _UNPACK),
    (0, b"\x1f\x8b", "an archive, not a picture", _UNPACK),
    (0, b"8BPS\0\2", "a large Photoshop document (PSB), which cannot be read here", _EXPORT),
    (0, b"gimp xcf", "a GIMP image, which cannot be read here", _EXPORT),
    (0, b"CSFCHUNK", "a Clip Studio document, which cannot be read here", _EXPORT),
    (0, b"\0\xffKA", "an Affinity document, which cannot be read here", _EXPORT),
    (0, b"v/1\1", "an OpenEXR picture, which cannot be read here", _EXPORT),
    (0, b"#?R", "a Radiance HDR picture, which cannot be read here", _EXPORT),
    (0, b"\xff\x0a", "a JPEG XL picture, which cannot be read here", _EXPORT),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture, which cannot be read here", _EXPORT),
    (12, b"CgBI", "a PNG made for an iPhone's programs (CgBI), which cannot be read here", _EXPORT),
    (0, b"\0\0\1\0", "a Windows icon, which cannot be read here", _EXPORT),
    (0, b"DDS ", "a game's texture (DDS), which cannot be read here", _EXPORT),
    (128, b"DICM", "a medical picture (DICOM), which cannot be read here", _EXPORT),
    (0, b"SIMPLE  =", "a telescope's picture (FITS), which cannot be read here", _EXPORT),
    (0, b"\x1aE\xdf\xa3", "a video", _FRAME),
    (8, b"AVI ", "a video", _FRAME),
    (8, b"WAVE", "a sound, not a picture", _CHOOSE),
    (0, b"ID3", "a sound, not a picture", _CHOOSE),
    (
        0,
        b"\0\5\x16\7",
        "what a Mac keeps beside a file, not the picture itself",
        "Choose the file without “._” in its name.",
    ),
    (0, b"L\0\0\0\1\x14\2", "a shortcut of Windows, not the picture itself", "Choose the file that it leads to."),
    (
        0,
        b"version https://git-lfs",
        "Git LFS's note of a file, not the picture itself",
        "Fetch the file: git lfs pull.",
    ),
)
"""Offset, first bytes, what it is, what helps."""
_PICTURE_STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"GIF8",
    b"BM",
    b"8BPS",
    b"PF\n",
    b"Pf\n",
)


def raw_maker(data: bytes) -> str:
    """Return whose cameras write such raw files, as their first bytes tell; empty where they tell nothing."""
    return next((maker for offset, signature, maker in _RAW if data[offset : offset + 20].startswith(signature)), "")


def recognise(data: bytes) -> tuple[str, str]:
    """Return what a file that is no readable picture seems to be, and what helps."""
    head = data[:4096]
    if head[4:8] == b"ftyp":
        if head[8:12] in _HEIF:
            return "a HEIC picture, which cannot be read here", _heic_remedy()
        if head[8:12] in (b"avif", b"avis"):
            return "an AVIF picture that is damaged, or of a kind that cannot be read here", _EXPORT
        return "a video", "Export one of its frames as a picture, and open that."
    for offset, signature, kind, remedy in _OTHERS:
        if head[offset:].startswith(signature):
            return kind, remedy
    if b"<svg" in head:
        return "an SVG drawing, not a picture of pixels", _EXPORT
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "a web page, not a picture", "Open the page in a browser, and save the picture that it shows."
    if head.startswith(_PICTURE_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "damaged: it starts like a picture, but cannot be read", _FETCH
    if not data.strip(b"\0"):
        return "nothing but zeros: a copy that broke off, or a crash, lost what was in it", _FETCH
    return ("a text file, not a picture" if _is_text(head) else "not a picture that can be read here"), _CHOOSE


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True  # Windows' UTF-16
    try:
        return b"\0" not in head and bool((head[:-4] if len(head) > 4 else head).decode().strip())
    except UnicodeDecodeError:
        return False


def _heic_remedy() -> str:
    if find_spec("pillow_heif"):  # installed, and so this one is broken
        return _EXPORT
    return f"Install what reads it (pip install pillow-heif) and start again. Or: {_EXPORT[0].lower()}{_EXPORT[1:]}"
