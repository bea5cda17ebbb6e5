"""Names of files: as they can be shown and written down, and those that are nobody's pictures."""

import os
import re
from contextlib import suppress
from pathlib import Path

__all__ = ["expanded", "is_hidden", "is_systems_own", "is_there", "not_too_long", "place_in_words", "readable"]

_LONGEST = 255
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_SYSTEMS_OWN = re.compile(
    r"\._.*|\.ds_store|(eh)?thumbs\.db|desktop\.ini"  # beside the files
    r"|#recycle\b.*|#snapshots?\b.*|@(eadir|tmp|sharebin|sharesnap|syno.*)"  # Synology
    r"|@(recycle|recycle\.bin|recently-snapshot|__thumb|transcode|upload_cache)"  # QNAP
    r"|#trash|\$recycle\.bin|recycler|recycle bin|trashbox|trash-\d+|trashes"  # of Windows, Buffalo, unhidden of Linux
    r"|system volume information|found\.\d{3}|msdownld\.tmp|onedrivetemp|\$windows\.~\w+|\$winreagent"  # Windows
    r"|lost\+found|[~@]snapshots?|@gmt[-+].*|~tmtmp"  # Linux, NetApp, Btrfs, Samba
    r"|__macosx|network trash folder|temporary items|thevolumesettingsfolder|resource\.frk|backups\.backupdb",  # Mac
    re.IGNORECASE,
)
"""Wastebaskets, snapshots, thumbnails and notes of disks, of NAS and of desktops that do not begin with a dot. What a
waste sorter may call a class (“trash”, “recycled”) is none of them."""


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder of this name is to be passed over in a folder: hidden, or the system's own."""
    return name.startswith(".") or is_systems_own(name)


def is_systems_own(name: str) -> bool:
    """Tell whether a system left it there: thumbnails, wastebaskets, what a Mac puts beside each file (“._x.jpg”)."""
    return _SYSTEMS_OWN.fullmatch(name.strip()) is not None


def readable(name: str) -> str:
    r"""Return a name as one line of proper text; bytes that are no UTF-8 (older disks have such) stand as \x….

    Python keeps such bytes as lone surrogates (PEP 383), which no file format, log or font takes.
    """
    return _CONTROLS.sub(" ", name.encode(errors="surrogateescape").decode(errors="backslashreplace"))


def expanded(name: str) -> Path:
    """Return the path that a typed name means: “~” is home, and stays a letter where there is no such home."""
    return Path(os.path.expanduser(name))  # noqa: PTH111 - Path's raises


def place_in_words(path: Path) -> str:
    """Return a file's name and where it lies, as a sentence has it: “a.png in ~/Pictures”."""
    folder = path.parent
    with suppress(RuntimeError, ValueError):  # there is no home, or it lies elsewhere
        folder = "~" / folder.relative_to(Path.home())
    return f"{readable(path.name)} in {readable(str(folder))}"


def is_there(path: Path) -> bool:
    """Tell whether a file or folder is there. Path's own raises where a name is too long, or a folder locked."""
    return os.path.exists(path)  # noqa: PTH110


def not_too_long(stem: str, rest: str) -> str:
    """Return `stem` and `rest` as a file's name, the stem cut where no disk would take it: 255 bytes are the most."""
    while len(os.fsencode(stem + rest)) > _LONGEST:
        stem = stem[:-1]
    return stem + rest
