"""The model shelf: every network the studio knows or was given, where its weights lie, and what can be done with them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

State: TypeAlias = Literal["embedded", "present", "missing", "damaged"]


@dataclass(frozen=True, slots=True)
class ShelfEntry:
    """One network as the shelf shows it.

    `path` is None where the weights are missing. `size` is in bytes: of the file where there is one, else of the file
    that would be downloaded, which may be off by a kilobyte. `note` is a sentence for the user. `url` is "" where
    nothing can be downloaded. `taps` are the layers it offers. `removable`: a file of it, even an unfinished download,
    lies in the user's folder.
    """

    name: str
    label: str
    task: str
    architecture: str
    state: State
    path: Path | None
    size: int
    licence: str
    trained_on: str
    note: str
    url: str
    taps: tuple[str, ...]
    removable: bool


class ModelShelf:
    """The networks of this computer.

    Args:
        folder: the user's models folder; made when something is put there.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> tuple[ShelfEntry, ...]:
        """Return every network: those known by name first, then the user's own. Looks at names and sizes only."""
        raise NotImplementedError

    def entry(self, name: str) -> ShelfEntry:
        """Return the network called `name`.

        Raises:
            StudioError: there is none.

        """
        raise NotImplementedError

    def verify(self, name: str) -> ShelfEntry:
        """Read the whole file and compare its checksum; a damaged one is `state` "damaged" from then on."""
        raise NotImplementedError

    def remove(self, name: str) -> ShelfEntry:
        """Delete its file from the user's folder; files elsewhere are not touched."""
        raise NotImplementedError

    def import_file(self, path: Path) -> ShelfEntry:
        """Find out which network `path` holds, and copy it into the user's folder."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False)
class ListTask:
    """For the job "list_shelf" → tuple[ShelfEntry, …]."""

    shelf: ModelShelf


@dataclass(frozen=True, slots=True, eq=False)
class DownloadTask:
    """For the job "download_weights" → ShelfEntry. Cancelled, it leaves what it got, and goes on from there next time."""

    name: str
    shelf: ModelShelf


@dataclass(frozen=True, slots=True, eq=False)
class VerifyTask:
    """For the job "verify_weights" → ShelfEntry."""

    name: str
    shelf: ModelShelf


@dataclass(frozen=True, slots=True, eq=False)
class ImportTask:
    """For the job "import_weights" → ShelfEntry."""

    path: Path
    shelf: ModelShelf


@dataclass(frozen=True, slots=True, eq=False)
class RemoveTask:
    """For the job "remove_weights" → ShelfEntry, of what is left: "missing", or found elsewhere."""

    name: str
    shelf: ModelShelf
