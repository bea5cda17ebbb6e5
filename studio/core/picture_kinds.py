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
_OTHERS = (
    (b"%PDF", "a PDF document, not a picture"),
    (b"%!PS", "a PostScript drawing, not a picture"),
    (b"PK\3\4", "an archive, not a picture"),
    (b"8BPS\0\2", "a large Photoshop document (PSB), which cannot be read here"),
    (b"gimp xcf", "a GIMP image, which cannot be read here"),
    (b"v/1\1", "an OpenEXR picture, which cannot be read here"),
    (b"#?R", "a Radiance HDR picture, which cannot be read here"),
    (b"\xff\x0a", "a JPEG XL picture, which cannot be read here"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture, which cannot be read here"),
)
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
    for signature, kind in _OTHERS:
        if head.startswith(signature):
            return kind, _EXPORT
    if b"<svg" in head:
        return "an SVG drawing, not a picture of pixels", _EXPORT
    if head.startswith(_PICTURE_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "damaged: it starts like a picture, but cannot be read", "Fetch or copy the file again."
    try:
        is_text = b"\0" not in head and bool(head[:-4].decode().strip() or len(head) <= 4)
    except UnicodeDecodeError:
        is_text = False
    return ("a text file, not a picture" if is_text else "not a picture that can be read here"), _CHOOSE


def _heic_remedy() -> str:
    if find_spec("pillow_heif"):  # installed, and so this one is broken
        return _EXPORT
    return f"Install what reads it (pip install pillow-heif) and start again. Or: {_EXPORT[0].lower()}{_EXPORT[1:]}"
