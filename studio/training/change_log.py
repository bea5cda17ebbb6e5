"""What was changed while a run went on, and at which step: a resumed run takes the same turns at the same places.

A change is on the disk before it takes effect. Whatever checkpoint the run goes on from, it meets it again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from studio.core.atomic import write_file

__all__ = ["Change", "ChangeLog", "InForce"]


@dataclass(frozen=True, slots=True)
class Change:
    """One turn, in force from `step` (steps done) on.

    Args:
        step: how many steps were done before it.
        settings: new values of settings, by name.
        caution: a factor of the learning rate, on top of all earlier ones: ½ after a divergence.
        parts: into how many parts a step's batch is divided from now on; None leaves that.

    """

    step: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    caution: float = 1.0
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """All changes up to some step taken together."""

    settings: Mapping[str, Any]
    caution: float
    parts: int | None


class ChangeLog:
    """The changes of one run, in the order of their steps.

    Args:
        file: where they are kept; None keeps none (another process does).
        changes: those there are.

    """

    def __init__(self, file: Path | None, changes: Iterable[Change] = ()) -> None:
        self.file = file
        self.changes = list(changes)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Return the changes in `file`; an empty one where there is none."""
        try:
            table = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls(file)
        return cls(file, [Change(**change) for change in table["changes"]])

    @property
    def setbacks(self) -> int:
        """How often the run had to go back and learn more slowly."""
        return sum(change.caution < 1 for change in self.changes)

    def add(self, change: Change) -> None:
        """Put a change on the course, behind others of the same step.

        Raises:
            WriteError: it could not be kept, and so is not on the course.

        """
        changes = sorted([*self.changes, change], key=lambda one: one.step)
        if self.file is not None:
            table = {"format": 1, "changes": [asdict(one) for one in changes]}
            write_file(self.file, json.dumps(table, indent=1).encode())
        self.changes = changes

    def at(self, step: int) -> InForce:
        """Return what holds after `step` steps."""
        settings: dict[str, Any] = {}
        caution, parts = 1.0, None
        for change in self.changes:
            if change.step > step:
                break
            settings.update(change.settings)
            caution *= change.caution
            parts = change.parts if change.parts is not None else parts
        return InForce(settings, caution, parts)
