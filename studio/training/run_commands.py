"""What somebody wants of a run, as files in its folder: the one way to steer it, whichever process or machine it is in.

An order is a small file that appears whole, is taken once, and is gone. Orders are taken in the order they were given.
"""

import itertools
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

__all__ = ["RunCommand", "RunCommandKind", "RunCommands"]

RunCommandKind: TypeAlias = Literal["pause", "finish", "checkpoint", "pin", "settings"]
"""`pause`: checkpoint and end, to go on later. `finish`: end here and keep the network. `checkpoint`: save now.
`pin`: save now and never throw that checkpoint away. `settings`: new values of settings that may change in mid-run."""


@dataclass(frozen=True, slots=True)
class RunCommand:
    """One order; `values` holds the changed settings, or a pin's note."""

    kind: RunCommandKind
    values: Mapping[str, Any] = field(default_factory=dict)


class RunCommands:
    """The orders of one run.

    Args:
        folder: `RUN/orders`; made when an order is given.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._done: set[str] = set()
        """Orders that could not be removed: whoever gave them may own the folder."""

    def post(self, order: RunCommand) -> None:
        """Give an order.

        Raises:
            OSError: it could not be written.

        """
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns():020d}-{next(self._numbers):06d}-{secrets.token_hex(4)}"
        temporary = self._folder / f".{name}.part"
        temporary.write_text(json.dumps({"kind": order.kind, "values": dict(order.values)}), encoding="utf-8")
        temporary.replace(self._folder / f"{name}.json")

    def take(self) -> tuple[RunCommand, ...]:
        """Return the orders given since the last time, and forget them; costs microseconds where there are none."""
        return tuple(order for path in self._waiting() if (order := self._take(path)) is not None)

    def given(self, kind: RunCommandKind) -> bool:
        """Whether an order of this kind waits; it is not taken."""
        return any(order is not None and order.kind == kind for order in map(_read, self._waiting()))

    def clear(self) -> None:
        """Forget whatever was ordered of a process that is gone, but for changed settings, which hold for the next."""
        for path in self._waiting():
            order = _read(path)
            if order is None or order.kind != "settings":
                self._take(path)

    def _waiting(self) -> list[Path]:
        try:
            with os.scandir(self._folder) as found:
                names = sorted(entry.name for entry in found if entry.name.endswith(".json"))
        except OSError:
            return []
        return [self._folder / name for name in names if name not in self._done]

    def _take(self, path: Path) -> RunCommand | None:
        order = _read(path)
        try:
            path.unlink(missing_ok=True)
        except OSError:
            self._done.add(path.name)
        return order


def _read(path: Path) -> RunCommand | None:
    """Return an order, or None where there is nothing that could be obeyed."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kind, values = content["kind"], content["values"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return RunCommand(kind, values) if kind in get_args(RunCommandKind) and isinstance(values, dict) else None
