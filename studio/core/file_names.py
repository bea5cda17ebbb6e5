"""Names of files: as they can be shown and written down, and those that are nobody's pictures."""

import re

__all__ = ["is_hidden", "is_systems_own", "readable"]

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_SYSTEMS_OWN = frozenset(
    {"__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"}
    | {"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store"}
)


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder of this name is to be passed over in a folder: hidden, or the system's own."""
    return name.startswith(".") or is_systems_own(name)


def is_systems_own(name: str) -> bool:
    """Tell whether a system left it there: thumbnails, wastebaskets, what a Mac puts beside each file (“._x.jpg”)."""
    return name.startswith("._") or name.lower() in _SYSTEMS_OWN


def readable(name: str) -> str:
    r"""Return a name as one line of proper text; bytes that are no UTF-8 (older disks have such) stand as \x….

    Python keeps such bytes as lone surrogates (PEP 383), which no file format, log or font takes.
    """
    return _CONTROLS.sub(" ", name.encode(errors="surrogateescape").decode(errors="backslashreplace"))
