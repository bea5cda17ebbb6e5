"""Pictures that are pasted or dropped as bytes or addresses, as other programs hand them over."""

import socket
from base64 import b64encode
from io import BytesIO
from urllib.parse import quote

import numpy as np
import pytest
from canvas_kit import noise
from PIL import Image, ImageCms
from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QImage

from studio.core.failures import StudioError
from studio.core.icc import rgb_profile
from studio.core.images import load_bytes
from studio.ui.canvas.incoming import image_of, look_into, read_picture
from studio.ui.controls.file_drop import files_of

PICTURE = noise(12, 8)
PNG = BytesIO()
Image.fromarray(PICTURE).save(PNG, "PNG")
DATA_URI = "data:image/png;base64," + b64encode(PNG.getvalue()).decode()


def mime_of(**kinds):
    """Return what holds these bytes or words; a kind's name is written with _ for - and __ for /."""
    mime = QMimeData()
    for kind, content in kinds.items():
        data = content.encode() if isinstance(content, str) else content
        mime.setData(kind.replace("__", "/").replace("_", "-"), QByteArray(data))
    return mime


def encoded(picture, kind, **options):
    file = BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def pixels_in(mime):
    """Return the pixels as the panel will see them."""
    assert look_into(mime).has_picture
    data = read_picture(mime)
    assert isinstance(data, bytes)
    return load_bytes(data, "Pasted picture").pixels


@pytest.mark.parametrize(
    "kind",
    ["image/png", "image/tiff", "image/bmp", "image/webp", "image/x-portable-pixmap", "image/png;charset=binary"],
)
def test_a_pictures_own_bytes_are_taken(kind):
    pillow = {"image/x-portable-pixmap": "PPM"}.get(kind, kind[6:].partition(";")[0].upper())
    mime = QMimeData()
    mime.setData(kind, QByteArray(encoded(PICTURE, pillow, **({"lossless": True} if pillow == "WEBP" else {}))))
    np.testing.assert_array_equal(pixels_in(mime), PICTURE)


def test_an_avif_picture_is_taken():
    even = np.full((16, 16, 3), (200, 90, 30), np.uint8)
    assert np.abs(pixels_in(mime_of(image__avif=encoded(even, "AVIF"))).astype(int) - even).max() <= 4


def test_exif_turns_a_pasted_photo_upright():
    exif = Image.Exif()
    exif[274] = 6
    turned = encoded(np.repeat(np.repeat(PICTURE, 8, 0), 8, 1), "JPEG", exif=exif, quality=95)
    assert pixels_in(mime_of(image__jpeg=turned)).shape == (96, 64, 3)


def test_the_profile_of_a_pasted_picture_counts():
    swapped = rgb_profile((0.3127, 0.329, 0.3, 0.6, 0.64, 0.33, 0.15, 0.06), 2.2)  # its red is a green
    ImageCms.getOpenProfile(BytesIO(swapped))
    red = np.full((4, 4, 3), (250, 20, 20), np.uint8)
    seen = pixels_in(mime_of(image__png=encoded(red, "PNG", icc_profile=swapped)))[0, 0].astype(int)
    assert seen[1] > 200 > 100 > seen[0]


def test_sixteen_bits_of_a_pasted_picture_stay():
    deep = BytesIO()
    Image.fromarray((np.arange(64, dtype=np.uint16) * 1000).reshape(8, 8)).save(deep, "PNG")
    data = read_picture(mime_of(image__png=deep.getvalue()))
    assert load_bytes(data, "Pasted picture").bits == 16


def test_the_best_of_several_kinds_is_taken_before_qts_pixels():
    mime = mime_of(image__bmp=b"BM", image__jpeg=b"\xff\xd8\xff", image__x_icon=b"\0\0", image__png=PNG.getvalue())
    mime.setImageData(QImage(3, 3, QImage.Format.Format_RGB32))
    assert read_picture(mime) == PNG.getvalue()


def test_a_kind_that_is_promised_and_not_handed_over_is_passed_by():
    assert read_picture(mime_of(image__png=b"", image__tiff=encoded(PICTURE, "TIFF")))[:4] == b"II*\0"


def test_qts_pixels_serve_where_bytes_are_of_no_kind_that_is_read():
    mime = mime_of(image__x_icon=b"\0\0\1\0")
    mime.setImageData(image_of(PICTURE))
    np.testing.assert_array_equal(read_picture(mime), PICTURE)


@pytest.mark.parametrize(
    "kinds",
    [
        {"text__uri_list": DATA_URI + "\r\n"},
        {"text__uri_list": "# dragged\r\n" + DATA_URI + "\r\n"},
        {"text__plain": DATA_URI},
        {"text__plain": f"  {DATA_URI}\n"},
        {"text__plain": "\n".join(DATA_URI[start : start + 76] for start in range(0, len(DATA_URI), 76))},
        {"text__plain": "data:image/png," + quote(PNG.getvalue())},
        {"text__html": f'<meta charset="utf-8"><img alt="x" src="{DATA_URI}">'},
        {"text__html": f"<p>words <IMG SRC='{DATA_URI}'/></p>", "text__plain": "words"},
        {"text__html": f'<img src="https://example.org/dot.gif"><img src="{DATA_URI}">'},
        {"text__uri_list": "https://example.org/a.png\r\n", "text__html": f'<img src="{DATA_URI}">'},
        {"text__uri_list": "https://example.org/a.png\r\n", "image__png": PNG.getvalue()},
        {"text__uri_list": "blob:https://example.org/1\r\n", "image__png": PNG.getvalue()},
    ],
)
def test_the_picture_in_an_address_or_beside_it_is_taken(kinds):
    np.testing.assert_array_equal(pixels_in(mime_of(**kinds)), PICTURE)


@pytest.mark.parametrize(
    "written",
    [
        "# a remark\r\nfile://{path}\r\n# another\r\n",
        "file://localhost{path}\r\n",
        f"file://{socket.gethostname()}{{path}}\r\n",
        "file:{path}\n",
        "{path}\r\n",
    ],
)
def test_a_file_on_a_list_is_found_however_its_address_is_written(tmp_path, written):
    path = tmp_path / "ä 100% #1?.png"
    path.write_bytes(PNG.getvalue())
    mime = mime_of(text__uri_list=written.format(path=quote(str(path))))
    offer = look_into(mime)
    assert offer.files == (path,)
    assert offer.refusal is None
    assert files_of(mime) == [path]


def test_a_file_that_is_named_in_bytes_of_an_older_disk_is_found(tmp_path):
    path = tmp_path / "caf\udce9.png"
    try:
        path.write_bytes(PNG.getvalue())
    except OSError:
        pytest.skip("this disk takes only UTF-8")
    assert look_into(mime_of(text__uri_list=f"file://{tmp_path}/caf%E9.png\r\n")).files == (path,)


@pytest.mark.parametrize("text", ["{path}", '"{path}"', "copy\nfile://{path}\n", "{path}\n"])
def test_the_name_of_a_file_may_be_pasted_as_text(tmp_path, text):
    path = tmp_path / "a.png"
    path.write_bytes(PNG.getvalue())
    assert look_into(mime_of(text__plain=text.format(path=path))).files == (path,)


@pytest.mark.parametrize(
    ("kinds", "cause"),
    [
        ({"text__uri_list": "smb://nas/a.png\r\n"}, "lies on a server (smb://nas)"),
        ({"text__uri_list": "trash:///a.png\r\n"}, "lies in the wastebasket"),
        ({"text__uri_list": "file://elsewhere/a.png\r\n"}, "another computer (elsewhere)"),
        ({"text__uri_list": "# only a remark\r\n"}, "There is no picture in that"),
        ({"text__uri_list": "data:text/plain,hello\r\n"}, "There is no picture in that address"),
        ({"text__plain": "https://example.org/a.png"}, "still on the web (example.org)"),
        ({"text__html": '<img src="https://example.org/a.png">', "text__plain": "a"}, "still on the web (example.org)"),
        ({"text__plain": "note: see https://example.org/a.png"}, "That is text"),
        ({"text__plain": "/no/such/picture.png"}, "That is text"),
    ],
)
def test_what_cannot_be_taken_is_named_rightly(kinds, cause):
    offer = look_into(mime_of(**kinds))
    assert not offer.welcome
    assert cause in offer.refusal.cause


def test_a_broken_data_uri_is_explained():
    with pytest.raises(StudioError, match="base64"):
        read_picture(mime_of(text__plain="data:image/png;base64,@@@@"))
