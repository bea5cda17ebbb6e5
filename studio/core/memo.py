"""What was found out about this computer, kept in one small JSON file: a missing or damaged one knows nothing."""

import json
from contextlib import suppress
from pathlib import Path

from studio.core.atomic import WriteError, write_file

__all__ = ["Memo"]


class Memo:
    """Plain values by key.

    Args:
        file: in the cache folder.

    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[str, object]:
        """Return everything that is known."""
        try:
            table = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return table if isinstance(table, dict) else {}

    def remember(self, key: str, value: object) -> None:
        """Note it; where that fails, it is found out again."""
        with suppress(OSError, WriteError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._file, json.dumps({**self.read(), key: value}, indent=1).encode())
