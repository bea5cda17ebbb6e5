"""A panel's session as a folder or one zip file: photo, paintings, settings, film strip and picture, to go on from.

session.json              what is what; written last, and read first
inputs/<sha256>.<suffix>  the very files that went in, so that an original may be moved or deleted
frames/<key>.png          frames of the film strip, as the job made them; <key>.small.png as the artist saw them
pictures/<key>.png        the picture that was shown, 8 or 16 bits a channel
preview.png               a small version, for lists

Every file but session.json is written once and never changed, and nothing is removed before the session.json that no
longer needs it is safely in place: whenever the power fails, what lies there can be opened. A zip holds the same files
under the same names, and tells no paths, since it travels.

Readers pass over what they do not know or cannot find, except the photo.
"""

import zipfile
from pathlib import Path
from typing import Protocol

from studio.core.atomic import write_error, write_file
from studio.core.saved_session import InputKeys

__all__ = ["FORMAT", "PREVIEW", "SESSION_JSON", "SessionFolder", "SessionPlace", "SessionZip", "listed"]

FORMAT = 1
SESSION_JSON, PREVIEW = "session.json", "preview.png"


class SessionPlace(Protocol):
    """Where the files of a session lie."""

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file.

        Raises:
            WriteError: the disk does not take it.

        """
        ...

    def read(self, name: str) -> bytes:
        """Return what a file holds.

        Raises:
            OSError: it cannot be read.
            KeyError: it is not there.

        """
        ...


class SessionFolder:
    """A folder of its own, which is kept."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def has(self, name: str) -> bool:  # noqa: D102
        return (self.root / name).exists()

    def write(self, name: str, data: bytes) -> None:  # noqa: D102
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(path, error) from error
        write_file(path, data)

    def read(self, name: str) -> bytes:  # noqa: D102
        return (self.root / name).read_bytes()


class SessionZip:
    """One file, which travels."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def has(self, name: str) -> bool:  # noqa: D102
        return name in self._archive.namelist()

    def write(self, name: str, data: bytes) -> None:  # noqa: D102
        self._archive.writestr(name, data)  # pictures are compressed already

    def read(self, name: str) -> bytes:  # noqa: D102
        return self._archive.read(name)


def listed(inputs: InputKeys) -> dict[str, list[str]]:
    """Return what went in as session.json has it."""
    return {role: list(keys) for role, keys in inputs.items()}
