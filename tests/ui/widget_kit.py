"""Small things that several widget tests need."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from studio.core.events import Picture


def plain_picture(value: int = 120, width: int = 32, height: int = 24) -> Picture:
    """A picture of one grey."""
    return np.full((height, width, 3), value, dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame for the film strip."""

    number: int
    evaluations: int
    branch: bool = False
    take: int = 0
    starred: bool = False
    size: tuple[int, int] = (512, 341)

    @property
    def name(self) -> str:
        return f"Step {self.evaluations}"

    @property
    def thumbnail(self) -> Picture:
        return plain_picture(self.number % 256)


def actions_below(menu: QMenu) -> Iterator[QAction]:
    """Yield every action of a menu and of the menus in it."""
    for action in menu.actions():
        if action.menu() is not None:
            yield from actions_below(action.menu())
        elif not action.isSeparator():
            yield action
