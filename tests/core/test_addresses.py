import os
import socket
from base64 import b64encode
from pathlib import Path

import pytest

from studio.core.addresses import data_in, holds_data, local_file, pictures_in_html, why_not_here
from studio.core.failures import StudioError

HOST = socket.gethostname()
POSIX = pytest.mark.skipif(os.name == "nt", reason="paths of this kind are not Windows's")


@POSIX
@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///tmp/a%20b.png", "/tmp/a b.png"),
        ("file:/tmp/short.png", "/tmp/short.png"),
        ("FILE:///tmp/loud.png", "/tmp/loud.png"),
        ("file://localhost/tmp/x.png", "/tmp/x.png"),
        ("file://LOCALHOST/tmp/x.png", "/tmp/x.png"),
        ("file://127.0.0.1/tmp/x.png", "/tmp/x.png"),
        (f"file://{HOST}/tmp/x.png", "/tmp/x.png"),
        (f"file://{HOST.upper()}/tmp/x.png", "/tmp/x.png"),
        (f"file://{HOST}.local/tmp/x.png", "/tmp/x.png"),
        ("file:///tmp/a%23b%25c%3Fd.png", "/tmp/a#b%c?d.png"),
        ("file:///tmp/a#b.png", "/tmp/a#b.png"),
        ("file:///tmp/why?.png", "/tmp/why?.png"),
        ("file:///tmp/photo.png?w=300", "/tmp/photo.png"),
        ("file:///tmp/photo.webp#xywh=0", "/tmp/photo.webp"),
        ("file:///tmp/v1.0#final", "/tmp/v1.0#final"),
        ("file:///tmp/100%25.png", "/tmp/100%.png"),
        ("file:///tmp/100% wool.png", "/tmp/100% wool.png"),
        ("file:///tmp/caf%C3%A9.png", "/tmp/café.png"),
        ("file:///tmp/caf%E9.png", "/tmp/caf\udce9.png"),
        ("file:///tmp/caf%ED%B3%A9.png", "/tmp/caf\udce9.png"),
        ("/tmp/plain#1.png", "/tmp/plain#1.png"),
    ],
)
def test_a_file_of_this_computer_is_found_however_its_address_is_written(address, path):
    assert local_file(address) == Path(path)


@pytest.mark.parametrize(
    "address", ["smb://nas/a.png", "https://example.org/a.png", "words", "data:image/png,x", "c.png"]
)
def test_what_is_no_file_of_this_computer_is_none(address):
    assert local_file(address) is None


@pytest.mark.parametrize(
    ("address", "cause", "remedy"),
    [
        ("https://user@example.org/cat.jpg", "on the web (example.org)", "copy the picture itself"),
        ("HTTP://example.org/cat.jpg", "on the web (example.org)", "Save it"),
        ("file://elsewhere.example/tmp/a.png", "on another computer (elsewhere.example)", "Copy the picture"),
        ("smb://nas/fotos/a.png", "on a server (smb://nas)", "Mount"),
        ("sftp://me@host/a.png", "on a server (sftp://host)", "Mount"),
        ("davs://cloud.example/a.png", "on a server (davs://cloud.example)", "Mount"),
        ("trash:///a.png", "in the wastebasket", "Restore"),
        ("trash:/0-a.png", "in the wastebasket", "Restore"),
        ("mtp:/Phone/DCIM/a.jpg", "on a camera or phone", "Copy"),
        ("gphoto2://camera/a.jpg", "on a camera or phone", "Copy"),
        ("google-drive://me@host/a", "in the cloud", "Copy"),
        ("zip:/tmp/a.zip/a.png", "in an archive", "Unpack"),
        ("recent:///a", "a list of the desktop", "own folder"),
        ("blob:https://example.org/1", "keeps that picture to itself", "Save it"),
        ("cid:part1@mail", "part of a message", "attachment"),
        ("data:text/plain,hello", "There is no picture in that address", "Drop"),
        ("magnet:?xt=1", "names no file of this computer", "Save"),
    ],
)
def test_what_cannot_be_had_is_named_rightly_with_a_way_out(address, cause, remedy):
    refusal = why_not_here(address)
    assert cause in refusal.cause
    assert remedy in refusal.remedy


BYTES = bytes(range(256))


@pytest.mark.parametrize(
    "address",
    [
        "data:image/png;base64," + b64encode(BYTES).decode(),
        "DATA:image/PNG;BASE64," + b64encode(BYTES).decode(),
        "data:image/png;name=a.png;base64," + b64encode(BYTES).decode().rstrip("="),
        "data:;base64," + b64encode(BYTES).decode(),
        "data:image/png; base64, " + b64encode(BYTES).decode(),
        "data:image/png;base64," + "\r\n".join(b64encode(BYTES).decode()[i : i + 76] for i in range(0, 344, 76)),
        "data:image/png;base64," + b64encode(BYTES, b"-_").decode(),
        "data:image/png;base64,"
        + b64encode(BYTES).decode().replace("/", "%2F").replace("+", "%2b").replace("=", "%3D"),
        "data:image/png," + "".join(f"%{byte:02x}" for byte in BYTES),
        "data:application/octet-stream;base64," + b64encode(BYTES).decode(),
    ],
)
def test_a_data_uri_gives_its_bytes_however_it_is_written(address):
    assert holds_data(address)
    assert data_in(address) == BYTES


@pytest.mark.parametrize("address", ["data:image/png;base64,not/base64!", "data:image/png;base64,AAAAA"])
def test_broken_base64_is_told(address):
    with pytest.raises(StudioError, match="not proper base64"):
        data_in(address)


@pytest.mark.parametrize("address", ["data:text/html,<b>", "data:,words", "data:image/png", "dat", "date: 1, 2"])
def test_other_data_is_no_picture(address):
    assert not holds_data(address)


def test_pictures_are_found_in_html_of_any_manner():
    html = "<meta charset=utf-8><IMG alt=x SRC=a.png><p><img src='b?x=1&amp;y=2'/><img><img src=\"\"></p><iframe src=c>"
    assert pictures_in_html(html) == ["a.png", "b?x=1&y=2"]
