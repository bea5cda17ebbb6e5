"""What an artist says of results in the library: a star, a few words. One small file for each that is spoken of.

So two windows never overwrite each other's marks, and a result that moves takes its own along.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.core.atomic import write_error, write_file

__all__ = ["LibraryMarks", "Mark"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of one result."""

    star: bool = False
    words: str = ""


class LibraryMarks:
    """The marks of a folder of results.

    Args:
        root: the folder.

    """

    def __init__(self, root: Path) -> None:
        self._folder = root / ".marks"

    def all(self) -> Mapping[str, Mark]:
        """Return every mark by the name of its result's file; what is damaged says nothing."""
        return {path.name.removesuffix(".json"): _read(path) for path in self._folder.glob("*.json")}

    def of(self, name: str) -> Mark:
        """Return the mark of one result."""
        return _read(self._path(name))

    def set(self, name: str, mark: Mark) -> None:
        """Say this of a result from now on.

        Raises:
            WriteError: the disk does not take it.

        """
        path = self._path(name)
        try:
            if mark == Mark():
                path.unlink(missing_ok=True)
                return
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(path, error) from error
        write_file(path, json.dumps(asdict(mark), ensure_ascii=False).encode())

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _read(path: Path) -> Mark:
    with suppress(OSError, ValueError):
        data: Any = json.loads(path.read_bytes())
        if isinstance(data, dict):
            return Mark(bool(data.get("star", False)), str(data.get("words", "")))
    return Mark()
