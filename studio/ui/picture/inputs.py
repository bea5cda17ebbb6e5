"""The pictures that a task works from, by role."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from studio.core.picture_task import CONTENT, InputSlot
from studio.jobs.files import OpenedPicture

__all__ = ["InputPictures", "Inputs"]

InputPictures: TypeAlias = Mapping[str, tuple[OpenedPicture, ...]]
"""Role → pictures, in the order in which they came."""


class Inputs:
    """As many pictures in each slot as it has places; with all places taken the newest replaces the last.

    Args:
        slots: the task's.

    """

    def __init__(self, slots: Sequence[InputSlot]) -> None:
        self._slots = {slot.role: slot for slot in slots}
        self._pictures: dict[str, tuple[OpenedPicture, ...]] = dict.fromkeys(self._slots, ())

    def __getitem__(self, role: str) -> tuple[OpenedPicture, ...]:
        """Return the pictures in this role; none in a role that the task does not know."""
        return self._pictures.get(role, ())

    @property
    def all(self) -> InputPictures:
        """Every role with its pictures, as they are now."""
        return MappingProxyType(dict(self._pictures))

    @property
    def photo(self) -> OpenedPicture | None:
        """The picture that the result is laid over."""
        return next(iter(self[CONTENT]), None)

    @property
    def missing(self) -> tuple[InputSlot, ...]:
        """The slots without which the task cannot do."""
        return tuple(slot for role, slot in self._slots.items() if len(self[role]) < slot.least)

    def put(self, role: str, pictures: Sequence[OpenedPicture]) -> None:
        """Let exactly these pictures be in this role, as far as there are places."""
        self._pictures[role] = tuple(pictures[: self._slots[role].most])

    def with_added(self, role: str, picture: OpenedPicture) -> tuple[OpenedPicture, ...]:
        """Return what would be in this role with one more picture."""
        return (*self[role][: self._slots[role].most - 1], picture)
