"""Remembers, for this computer, into how many micro-batches a step had to be divided to fit into its memory."""

import json
from contextlib import suppress
from pathlib import Path

from studio.core.atomic import WriteError, write_file

__all__ = ["MicroBatchMemo"]


class MicroBatchMemo:
    """One small JSON file: what ran out of memory once need not do so again.

    Args:
        file: in the cache folder; a missing or damaged one remembers nothing.

    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def number(self, key: str) -> int:
        """Return into how many micro-batches a step of this kind has to be divided, as far as is known."""
        value = self._read().get(key, 1)
        return value if isinstance(value, int) and value > 0 else 1

    def remember(self, key: str, number: int) -> None:
        """Note it for the next run; where that fails, it is found out again."""
        with suppress(OSError, WriteError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._file, json.dumps({**self._read(), key: number}, indent=1).encode())

    def _read(self) -> dict[str, object]:
        try:
            table = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return table if isinstance(table, dict) else {}
