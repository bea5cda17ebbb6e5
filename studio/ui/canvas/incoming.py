"""Pictures that come through the clipboard or by drag and drop: what they are, and why some are refused.

`look_into` is cheap enough to be asked while something hovers over the canvas. Whether a file really holds a picture
is the loader's matter; only plain text is turned away here.
"""

from codecs import getincrementaldecoder
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage, QPixmap

from studio.core.errands import answers
from studio.core.events import Picture
from studio.core.failures import StudioError

_PEEK_BYTES = 512
_TEXT_PICTURES = (b"P1", b"P2", b"P3", b"#?RADIANCE", b"#?RGBE")
"""Picture formats that begin as text (the PNM family, Radiance)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a drag or the clipboard holds: files and folders of them, or the pixels themselves.

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
    if mime.hasUrls():
        urls = mime.urls()
        unseen = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()], list[StudioError]()
        files, refusals = answers([lambda: _sort(urls)], unseen)[0]  # what the disk does not tell now, the loader will
        if files or not mime.hasImage():
            refusal = refusals[0] if refusals else None
            return Offer(tuple(files), refusal=refusal if files or refusal else _nothing())
    if mime.hasImage():
        return Offer(has_picture=True)
    if mime.hasText():
        return Offer(refusal=StudioError("That is text, not a picture.", "Drop a picture file, or copy a picture."))
    return Offer(refusal=_nothing())


def read_picture(mime: QMimeData) -> Picture:
    """Return the pixels in `mime` as an own RGB or RGBA array.

    Raises:
        StudioError: there are none, or the program they come from does not hand them over.

    """
    data = mime.imageData() if mime.hasImage() else None
    image = data.toImage() if isinstance(data, QPixmap) else data
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


def _sort(urls: list[QUrl]) -> tuple[list[Path], list[StudioError]]:
    files: list[Path] = []
    refusals: list[StudioError] = []
    for url in urls:
        refusal = _refuse(url)
        if refusal is None:
            files.append(Path(url.toLocalFile()))
        else:
            refusals.append(refusal)
    return files, refusals


def _refuse(url: QUrl) -> StudioError | None:
    if not url.isLocalFile():
        return StudioError(
            f"That picture is still on the web ({url.host() or url.scheme()}).",
            "Save it to a file first, or copy the picture itself and paste it.",
        )
    path = Path(url.toLocalFile())
    if path.is_dir():
        return None  # it stands for the pictures in it
    if not path.exists():
        return StudioError(f"“{path.name}” is not there any more.", "Drop the file from where it is now.")
    if not path.is_file():  # reading from a pipe would wait for ever
        return StudioError(f"“{path.name}” is a device, not a picture.", "Drop a picture file.")
    if _is_text(path):
        return StudioError(f"“{path.name}” is text, not a picture.", "Drop a JPEG, PNG, TIFF or WebP file.")
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
