"""Layouts said in one expression: what stands beside or below what, how the room is shared out, and the gaps."""

from typing import TypeAlias

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLayout,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

Part: TypeAlias = QWidget | QLayout
Item: TypeAlias = Part | tuple[Part, int | Qt.AlignmentFlag] | int | None
"""A part, with its stretch factor or its alignment; a number is a space, px; None a space that takes what is left."""

UNBOUNDED = 16_777_215
"""Qt's QWIDGETSIZE_MAX, which PySide does not name: as wide or high as it likes, px."""


def row(*items: Item, gap: int | None = None, margins: int | tuple[int, int, int, int] = 0) -> QHBoxLayout:
    """Return these side by side, `gap` px apart (None: as the style says), `margins` around them."""
    layout = QHBoxLayout()
    _fill(layout, items, gap, margins)
    return layout


def column(*items: Item, gap: int | None = None, margins: int | tuple[int, int, int, int] = 0) -> QVBoxLayout:
    """Return these one below the other; see `row`."""
    layout = QVBoxLayout()
    _fill(layout, items, gap, margins)
    return layout


def holding(layout: QLayout, widget: QWidget | None = None) -> QWidget:
    """Return a widget with this layout: `widget`, or a plain new one."""
    widget = widget or QWidget()
    widget.setLayout(layout)
    return widget


def centred(content: QWidget, margin: int) -> QWidget:
    """Return a widget in whose middle `content` is as wide as it may be, `margin` px from either side."""
    return holding(row(None, (content, 100), None, margins=(margin, 0, margin, 0)))


def scrolling(content: QWidget) -> QScrollArea:
    """Return a frame in which `content`, as wide as the frame, is scrolled up and down."""
    scroll = QScrollArea()
    scroll.setWidget(content)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes to what is in it, which then comes into sight
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll


def bring_into_sight(*parts: QWidget, margin: int) -> None:
    """Scroll what is around these to show them, `margin` px from its edges; the last counts most."""
    above = parts[0].parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if above is not None:
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # where they lie is known afterwards
        for part in parts:
            above.ensureWidgetVisible(part, 0, margin)


def splitter(*parts: QWidget, sizes: tuple[int, ...], growing: int | None = None, upright: bool = False) -> QSplitter:
    """Return parts with borders to drag between them.

    Args:
        parts: side by side, or one below the other.
        sizes: how large they are at first, px; shrunk in proportion where there is less room.
        growing: the part that alone takes more room when there is more; None shares it out.
        upright: one below the other.

    """
    parted = QSplitter(Qt.Orientation.Vertical if upright else Qt.Orientation.Horizontal)
    parted.setChildrenCollapsible(False)
    for part in parts:
        parted.addWidget(part)
    parted.setSizes(list(sizes))
    if growing is not None:
        parted.setStretchFactor(growing, 1)
    return parted


def _fill(
    layout: QBoxLayout, items: tuple[Item, ...], gap: int | None, margins: int | tuple[int, int, int, int]
) -> None:
    layout.setContentsMargins(*(margins if isinstance(margins, tuple) else (margins,) * 4))
    if gap is not None:
        layout.setSpacing(gap)
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        else:
            part, room = item if isinstance(item, tuple) else (item, 0)
            stretch, alignment = (0, room) if isinstance(room, Qt.AlignmentFlag) else (room, Qt.AlignmentFlag(0))
            if isinstance(part, QWidget):
                layout.addWidget(part, stretch, alignment)
            else:
                layout.addLayout(part, stretch)
                if alignment:
                    layout.setAlignment(part, alignment)
