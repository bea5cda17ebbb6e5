"""What the addresses (URIs) of pasted and dropped pictures mean: a file here, the picture itself, or neither.

Programs write them in many ways. A file of this computer may name it or not (RFC 8089), its name may hold bytes that
are no UTF-8, or signs that should have been encoded and were not; a `data:` URI (RFC 2397) holds the picture itself.
"""

import os
import re
import socket
from base64 import b64decode
from binascii import Error as Base64Error
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

from studio.core.failures import StudioError

__all__ = ["data_in", "holds_data", "local_file", "pictures_in_html", "scheme_of", "why_not_here"]

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]+):")  # two letters at least: one is a drive of Windows
_DATA = re.compile(r"\s*data:([^,]*),", re.IGNORECASE)
_LONGEST_HEAD = 1024
_BEHIND_A_FILE = re.compile(r"(?<=\.[A-Za-z]\w\w)[?#][^./]*$|(?<=\.[A-Za-z]\w{3})[?#][^./]*$")
"""A query or fragment behind a name with an ending: “photo.png?w=300”, but neither “a#b.png” nor “v1.0#final”."""

_SERVERS = ("smb", "cifs", "afp", "nfs", "sftp", "ssh", "fish", "ftp", "ftps", "dav", "davs", "webdav", "webdavs")
_CLOUDS = ("google-drive", "gdrive", "onedrive", "dropbox")
_DEVICES = ("mtp", "gphoto2", "ptp", "afc", "camera", "kdeconnect")
_BASKETS = ("trash", "wastebin")
_ARCHIVES = ("zip", "tar", "archive", "sevenz", "krarc", "jar")
_LISTS = (
    "recent",
    "recentlyused",
    "recentdocuments",
    "search",
    "baloosearch",
    "tags",
    "timeline",
    "desktop",
    "starred",
)
_IN_BROWSER = ("blob", "about", "javascript", "chrome", "moz-extension", "chrome-extension", "resource", "view-source")
_IN_MAIL = ("cid", "mid", "mailbox", "imap", "attachment")


def scheme_of(address: str) -> str:
    """Return an address's scheme in small letters, "" where it has none (a plain path)."""
    found = _SCHEME.match(address)
    return found[1].lower() if found else ""


def local_file(address: str) -> Path | None:
    """Return the file of this computer that a `file:` URI or an absolute path means; None where it is no such thing.

    A `#` or `?` belongs to the name (programs forget to encode it) unless it stands behind a whole name of a file.
    No disk is asked.
    """
    scheme = scheme_of(address)
    if not scheme:
        path = Path(address.strip())
        return path if path.is_absolute() else None
    if scheme != "file":
        return None
    host, place = _host_and_place(address)
    if not _is_this_computer(host):
        return Path(f"//{host}{_unquoted(place)}") if os.name == "nt" else None
    name = _unquoted(_BEHIND_A_FILE.sub("", place))
    return Path(name[1:] if os.name == "nt" and re.match(r"/[A-Za-z]:", name) else name)


def holds_data(address: str) -> bool:
    """Tell whether an address may be a picture itself, without decoding it."""
    head = _DATA.match(address[:_LONGEST_HEAD])
    if head is None:
        return False
    kind, *others = (part.strip().lower() for part in head[1].split(";"))
    return kind.startswith(("image/", "application/octet-stream")) or (kind == "" and "base64" in others)


def data_in(address: str) -> bytes:
    """Return the bytes that a `data:` URI holds.

    Raises:
        StudioError: there are none, or its base64 is broken.

    """
    head = _DATA.match(address[:_LONGEST_HEAD])
    if head is None:
        raise StudioError("There is no picture in that address.", "Copy the picture itself, and paste it.")
    data = unquote_to_bytes(address[head.end() :].strip())
    if "base64" in (part.strip().lower() for part in head[1].split(";")[1:]):
        plain = b"".join(data.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        try:
            data = b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
        except Base64Error as error:
            raise StudioError(
                "The picture in that address is damaged: it is not proper base64.",
                "Copy the whole address again, or save the picture to a file and open that.",
            ) from error
    return data


def pictures_in_html(html: str) -> list[str]:
    """Return the addresses of the pictures in a piece of HTML, in their order."""
    reader = _PictureReader()
    reader.feed(html)
    return reader.found


def why_not_here(address: str, *, what: str = "picture") -> StudioError:
    """Return what an address is that is no file of this computer, and how its picture can be had."""
    scheme, (host, _) = scheme_of(address), _host_and_place(address)
    copied = f"Copy the {what} to this computer first, and drop it from there."
    if scheme in ("http", "https"):
        itself = ", or copy the picture itself and paste it" if what == "picture" else ", and drop that"
        return StudioError(f"That {what} is still on the web ({host or scheme}).", f"Save it to a file first{itself}.")
    if scheme == "file":
        return StudioError(f"That {what} lies on another computer ({host}).", copied)
    if scheme in _SERVERS:
        where = f"{scheme}://{host}" if host else f"{scheme}:"
        return StudioError(f"That {what} lies on a server ({where}).", f"Mount its folder here, or: {_small(copied)}")
    if scheme in _CLOUDS:
        return StudioError(f"That {what} lies in the cloud ({scheme}:).", copied)
    if scheme in _DEVICES:
        return StudioError(f"That {what} is still on a camera or phone ({scheme}:).", copied)
    if scheme in _BASKETS:
        return StudioError(f"That {what} lies in the wastebasket.", "Restore it first, and drop it from its folder.")
    if scheme in _ARCHIVES:
        return StudioError(f"That {what} is packed in an archive ({scheme}:).", "Unpack it first, and drop the file.")
    if scheme in _LISTS:
        return StudioError(
            f"That {what} was dragged out of a list of the desktop ({scheme}:).",
            "Show it in its own folder, and drop it from there.",
        )
    if scheme in _IN_BROWSER:
        return StudioError(
            f"The browser keeps that {what} to itself ({scheme}:).", "Save it to a file first, and drop that."
        )
    if scheme in _IN_MAIL:
        return StudioError(f"That {what} is part of a message ({scheme}:).", "Save the attachment, and drop the file.")
    if scheme == "data":
        return StudioError(f"There is no {what} in that address, but other data.", f"Drop a {what} file.")
    return StudioError(
        f"“{address.strip()[:60]}” names no file of this computer.", f"Save the {what} to a file, and drop that."
    )


def _host_and_place(address: str) -> tuple[str, str]:
    """Return the host and the path of an address, as they are written; Qt's and Python's parsers lose odd names."""
    rest = address.strip().partition(":")[2]
    if not rest.startswith("//"):
        return "", rest
    host, slash, place = rest[2:].partition("/")
    return host.rpartition("@")[2], slash + place


def _is_this_computer(host: str) -> bool:
    if host.lower() in ("", "localhost", "localhost.localdomain", "127.0.0.1", "[::1]"):
        return True
    own = socket.gethostname().lower()
    return bool(own) and host.lower().partition(".")[0] == own.partition(".")[0] and _agree(host.lower(), own)


def _agree(one: str, other: str) -> bool:
    """Tell whether two names may be one computer's: the same, or one is short, or of the local network (mDNS)."""
    domains = {one.partition(".")[2], other.partition(".")[2]} - {"", "local", "lan", "home", "localdomain"}
    return len(domains) <= 1


def _unquoted(place: str) -> str:
    data = unquote_to_bytes(place)
    try:  # Qt writes bytes that are no UTF-8 as the surrogates by which Python knows them
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return os.fsdecode(data)


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


class _PictureReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = dict(attrs).get("src") if tag == "img" else None
        if source:
            self.found.append(source)
