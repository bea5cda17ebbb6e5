"""Pictures that come through the clipboard or by drag and drop: what they are, and why some are refused.

They may come as files, as a picture's own bytes, as an address that holds or names one, or as the pixels that Qt made
of them. Bytes are taken before pixels, because Qt knows neither profile nor orientation: they go through the same
reader as files. `look_into` is cheap enough to be asked while something hovers over the canvas. Whether a file really
holds a picture is the loader's matter; only plain text is turned away here.
"""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

import numpy as np
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage, QPixmap

from studio.core.addresses import data_in, holds_data, local_file, pictures_in_html, scheme_of, why_not_here
from studio.core.errands import answers
from studio.core.events import Picture
from studio.core.failures import StudioError, shortened
from studio.core.images import display_name

_PEEK_BYTES = 512
_TEXT_PICTURES = (b"P1", b"P2", b"P3", b"#?RADIANCE", b"#?RGBE")
"""Picture formats that begin as text (the PNM family, Radiance)."""

_BEST_FIRST = (
    *("png", "apng", "vnd.mozilla.apng", "tiff", "tif", "x-tiff", "avif", "heic", "heif", "webp", "jp2", "jpx"),
    *("jpeg", "jpg", "pjpeg", "qoi", "x-qoi", "vnd.adobe.photoshop", "x-portable-pixmap", "x-portable-anymap"),
    *("bmp", "x-bmp", "x-ms-bmp", "x-MS-bmp", "x-win-bitmap", "x-tga", "gif"),
)
"""Kinds of encoded pictures (image/…): programs offer many, of which those without loss and with a profile are best."""

_PATHS_OF_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Offer:
    """What a drag or the clipboard holds: files and folders of them, or a picture itself.

    `refusal` says what is left out and why.
    """

    files: tuple[Path, ...] = ()
    has_picture: bool = False
    refusal: StudioError | None = None

    @property
    def is_several(self) -> bool:
        """Whether there may be more than one picture in it."""
        return len(self.files) > 1 or any(path.is_dir() for path in self.files)

    @property
    def welcome(self) -> bool:
        """Whether there is anything to take."""
        return bool(self.files) or self.has_picture


def look_into(mime: QMimeData) -> Offer:
    """Tell what could be taken from `mime`, without decoding it."""
    addresses = addresses_in(mime)
    files, refusals = _sort(addresses)
    has_picture = _has_picture(mime, addresses)
    if files or (refusals and not has_picture):
        return Offer(tuple(files), refusal=refusals[0] if refusals else None)
    if has_picture:
        return Offer(has_picture=True)
    if mime.hasText() and not mime.hasUrls():
        return Offer(refusal=StudioError("That is text, not a picture.", "Drop a picture file, or copy a picture."))
    return Offer(refusal=_nothing())


def addresses_listed(mime: QMimeData) -> list[str]:
    """Return the addresses on the list of what is dragged or copied, without the remarks between them (RFC 2483)."""
    addresses = (url.toEncoded().toStdString() for url in mime.urls())
    return [f"file:{each}" if each.startswith("/") else each for each in addresses if not each.startswith("#")]


def addresses_in(mime: QMimeData) -> list[str]:
    """Return the addresses that are dragged or copied: those on a list, or else in HTML, or else in plain text."""
    listed = addresses_listed(mime)
    if any(scheme_of(address) not in ("http", "https") for address in listed):
        return listed
    written = pictures_in_html(mime.html()) if mime.hasHtml() else []
    written = [address for address in written if holds_data(address) or local_file(address) is not None] or written[:1]
    if not listed and not written and mime.hasText():
        written = list(_addresses_in_text(mime.text()))
    return [address for address in written if scheme_of(address) not in ("http", "https")] or listed or written


def read_picture(mime: QMimeData) -> bytes | Picture:
    """Return the picture in `mime`: its file's bytes where they can be had, or else pixels, an own RGB or RGBA array.

    Raises:
        StudioError: there are none, or the program they come from does not hand them over.

    """
    if (data := _encoded(mime)) or (data := next(_data_of(addresses_in(mime)), b"")):
        return data
    held = mime.imageData() if mime.hasImage() else None
    image = held.toImage() if isinstance(held, QPixmap) else held
    if not isinstance(image, QImage) or image.isNull():
        raise StudioError(
            "The copied picture cannot be read.", "Copy it again, or save it to a file and open the file."
        )
    return picture_of(image)


def picture_of(image: QImage) -> Picture:
    """Copy a QImage of any format into a uint8 array, H×W×3, or H×W×4 with straight alpha."""
    channels = 4 if image.hasAlphaChannel() else 3
    wanted = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    same = image.convertToFormat(wanted)
    rows = np.frombuffer(same.constBits(), np.uint8).reshape(same.height(), same.bytesPerLine())
    return rows[:, : same.width() * channels].reshape(same.height(), same.width(), channels).copy()


def image_of(picture: Picture) -> QImage:
    """Copy a picture into a QImage."""
    height, width, channels = picture.shape
    wanted = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QImage(np.ascontiguousarray(picture).data, width, height, channels * width, wanted).copy()


def mime_for_picture(picture: Picture) -> QMimeData:
    """Return what to put on the clipboard so that other programs can paste `picture`."""
    mime = QMimeData()
    mime.setImageData(image_of(picture))
    return mime


def _encoded(mime: QMimeData) -> bytes:
    """Return a picture's own bytes in the best kind that is handed over; b"" where Qt's pixels are all there is."""
    for kind in _kinds(mime):
        if data := mime.data(kind).data():
            return bytes(data)
    return b""


def _kinds(mime: QMimeData) -> list[str]:
    """Return the kinds of encoded pictures on offer, the best first; such as no reader knows only where Qt has none."""
    offered = {kind.partition(";")[0].removeprefix("image/"): kind for kind in mime.formats() if kind[:6] == "image/"}
    known = [offered[name] for name in _BEST_FIRST if name in offered]
    return known if known or mime.hasImage() else list(offered.values())


def _has_picture(mime: QMimeData, addresses: list[str]) -> bool:
    return mime.hasImage() or bool(_kinds(mime)) or any(holds_data(address) for address in addresses)


def _data_of(addresses: list[str]) -> Iterator[bytes]:
    return (data_in(address) for address in addresses if holds_data(address))


def _addresses_in_text(text: str) -> Iterator[str]:
    """Find what file managers and people write: an address, or a file a line, or a `data:` URI over several."""
    if holds_data(text) or ("://" in text and scheme_of(text) and len(text.split()) == 1):
        yield text.strip()
        return
    for line in text.splitlines()[:_PATHS_OF_TEXT]:
        name = line.strip().strip("\"'")
        if scheme_of(name) == "file" or (Path(name).is_absolute() and all(answers([Path(name).is_file], False))):
            yield name


def _sort(addresses: list[str]) -> tuple[list[Path], list[StudioError]]:
    """Tell files from what is refused; of a disk that does not answer now, the loader will tell."""
    found = [local_file(address) for address in addresses]
    unseen = [path for path in found if path is not None], list[StudioError]()
    return answers([lambda: _judge(addresses)], unseen)[0]


def _judge(addresses: list[str]) -> tuple[list[Path], list[StudioError]]:
    files: list[Path] = []
    refusals: list[StudioError] = []
    for address in addresses:
        path = local_file(address)
        if path is None:
            if not holds_data(address):
                refusals.append(why_not_here(address))
        elif (refusal := _refuse(path)) is None:
            files.append(path)
        else:
            refusals.append(refusal)
    return files, refusals


def _refuse(path: Path) -> StudioError | None:
    name = shortened(display_name(path))
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return StudioError(f"“{name}” is not there any more.", "Drop the file from where it is now.")
    except OSError as error:  # a name that is too long, a link to itself, a folder that is locked
        return StudioError(f"“{name}” cannot be read ({error.strerror}).", "Drop a file that can be read here.")
    if S_ISDIR(mode):
        return None  # it stands for the pictures in it
    if not S_ISREG(mode):  # reading from a pipe would wait for ever
        return StudioError(f"“{name}” is a device, not a picture.", "Drop a picture file.")
    if _is_text(path):
        return StudioError(f"“{name}” is text, not a picture.", "Drop a JPEG, PNG, TIFF or WebP file.")
    return None


def _is_text(path: Path) -> bool:
    """Tell plain text from a picture by the first bytes; what cannot be read is left for the loader to explain."""
    try:
        with path.open("rb") as file:
            head = file.read(_PEEK_BYTES)
    except OSError:
        return False
    if not head or head.startswith(_TEXT_PICTURES) or any(byte < 9 or 13 < byte < 32 for byte in head):
        return False
    try:
        getincrementaldecoder("utf-8")().decode(head, final=len(head) < _PEEK_BYTES)  # the cut may split a letter
    except UnicodeDecodeError:
        return False
    return True


def _nothing() -> StudioError:
    return StudioError("There is no picture in that.", "Drop a picture file, or copy a picture and paste it.")
