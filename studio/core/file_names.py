"""Names of files as they can be shown and written down, whatever bytes a disk holds."""

import re

__all__ = ["readable"]

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


def readable(name: str) -> str:
    r"""Return a name as one line of proper text; bytes that are no UTF-8 (older disks have such) stand as \x….

    Python keeps such bytes as lone surrogates (PEP 383), which no file format, log or font takes.
    """
    return _CONTROLS.sub(" ", name.encode(errors="surrogateescape").decode(errors="backslashreplace"))
