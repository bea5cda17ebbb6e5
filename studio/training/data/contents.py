"""What is in each file, whatever it is called: its sha256 and the picture's size; remembered until a file changes."""

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from studio.core.events import Job, Progress
from studio.training.data.thread_map import mapped

__all__ = ["Content", "ContentMemory", "reading_contents"]

_RACY_S = 3.0
"""A file changed so shortly before it was read may change again within the same tick of its disk's clock (FAT: 2 s)."""
_IN_A_ROW = 500
_STAGE = "Looking through the pictures"

_Stamp: TypeAlias = tuple[int, int]
"""Size in bytes, and time of the last change in ns: while both stay, so does the content."""


@dataclass(frozen=True, slots=True)
class Content:
    """One file's content. `sha256` is "" where it could not be read; `problem` then says why.

    `size` is the picture's (width, height) as its header says, (0, 0) where Pillow cannot tell.
    """

    sha256: str
    size: tuple[int, int] = (0, 0)
    problem: str = ""


class ContentMemory:
    """Remembers contents in a small database. It is only a memory: where it fails, files are read again.

    Args:
        folder: the cache folder; made when there is something to remember.

    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "contents.sqlite"

    def recall(self) -> dict[bytes, tuple[_Stamp, Content]]:
        """Return what is known of all files, by their names' bytes."""
        if not self._file.exists():
            return {}
        try:
            with closing(self._open()) as database:
                rows = database.execute("SELECT path, bytes, changed, sha256, width, height FROM contents")
                return {row[0]: ((row[1], row[2]), Content(row[3], (row[4], row[5]))) for row in rows}
        except (sqlite3.OperationalError, OSError):  # somebody writes it just now, or it may not be read
            return {}
        except sqlite3.DatabaseError:  # damaged: another one is begun
            with suppress(OSError):
                self._file.unlink()
            return {}

    def remember(self, read: Sequence[tuple[Path, _Stamp, Content]]) -> None:
        """Keep what was read."""
        rows = [(os.fsencode(path), *stamp, one.sha256, *one.size) for path, stamp, one in read]
        with suppress(sqlite3.Error, OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as database, database:
                database.executemany("INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, ?, ?)", rows)

    def forget(self, paths: Iterable[Path]) -> None:
        """Read these files again next time."""
        with suppress(sqlite3.Error, OSError), closing(self._open()) as database, database:
            database.executemany("DELETE FROM contents WHERE path = ?", [(os.fsencode(path),) for path in paths])

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file, timeout=5.0)
        database.execute(
            "CREATE TABLE IF NOT EXISTS contents"
            " (path BLOB PRIMARY KEY, bytes INT, changed INT, sha256 TEXT, width INT, height INT) WITHOUT ROWID"
        )
        return database


def reading_contents(files: Sequence[Path], memory: ContentMemory) -> Job[list[Content]]:
    """Return the content of each file; those that are remembered are not read."""
    remembered, known = memory.recall(), dict[Path, Content]()
    for number, path in enumerate(files):
        if number % _IN_A_ROW == 0:
            yield Progress(_STAGE, 0, len(files))
        stamp, content = remembered.get(os.fsencode(path), (None, None))
        if content is not None and stamp == _stamp(path):
            known[path] = content
    fresh: list[tuple[Path, _Stamp, Content]] = []
    try:
        for read in mapped(_read, [path for path in files if path not in known]):
            if read is None:
                yield Progress(_STAGE, len(known), len(files))
                continue
            path, stamp, content = read
            known[path] = content
            if stamp is not None:
                fresh.append((path, stamp, content))
    finally:
        if fresh:
            memory.remember(fresh)
    return [known[path] for path in files]


def _read(path: Path) -> tuple[Path, _Stamp | None, Content]:
    """Return the content of a file, and the stamp under which it may be remembered."""
    before = _stamp(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        return path, None, Content("", problem=f"cannot be read ({error.strerror or error})")
    settled = before is not None and before == _stamp(path) and time.time() - before[1] / 1e9 > _RACY_S
    content = Content(hashlib.sha256(data).hexdigest(), _size_in_header(data))
    return path, before if settled else None, content


def _size_in_header(data: bytes) -> tuple[int, int]:
    try:
        with Image.open(BytesIO(data)) as image:
            return image.size
    except Exception:  # the readers raise whatever a broken file trips them into; decoding will say what is wrong
        return 0, 0


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
