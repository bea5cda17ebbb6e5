"""Tab goes as the eye does: from left to right and from above to below, as the layouts say, whatever came later."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QLayout, QScrollArea, QSplitter, QWidget

__all__ = ["neighbour", "tab_stops"]


def tab_stops(root: QWidget) -> list[QWidget]:
    """Return everything below `root` that Tab can reach now, in order."""
    return [widget for widget in _in_order(root) if _takes_tab(widget)]


def neighbour(root: QWidget, current: QWidget, *, forward: bool) -> QWidget | None:
    """Return what Tab leads to from `current`, after the last the first; None where `current` lies outside."""
    stops, at = tab_stops(root), current
    while at not in stops:  # a part of a control, such as the field of a spin box, or what was just disabled
        above = at.parentWidget()
        if above is None or at is root:
            return None
        at = above
    step = 1 if forward else -1
    return stops[(stops.index(at) + step) % len(stops)]


def _takes_tab(widget: QWidget) -> bool:
    if not widget.isVisible() or not widget.isEnabled() or widget.focusProxy() is not None:
        return False
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if group is not None and group.exclusive() and group.checkedButton() is not None:
        return group.checkedButton() is widget  # arrows lead on to the others
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def _in_order(widget: QWidget) -> Iterator[QWidget]:
    yield widget
    for child in _children(widget):
        if not child.isHidden():
            yield from _in_order(child)


def _children(widget: QWidget) -> list[QWidget]:
    """Return the widgets directly in this one: what lies over its layout first, as it lies at the top."""
    layout = widget.layout()
    if isinstance(widget, QScrollArea):
        held = [widget.widget()]
    elif isinstance(widget, QSplitter):
        held = [widget.widget(number) for number in range(widget.count())]
    else:
        laid_out = [] if layout is None else list(_of_layout(layout))
        found = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
        held = [*(child for child in found if child not in laid_out), *laid_out]
    return [child for child in held if child is not None]


def _of_layout(layout: QLayout) -> Iterator[QWidget]:
    numbers = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        numbers.sort(key=lambda number: layout.getItemPosition(number)[:2])  # type: ignore[index]
    for number in numbers:
        item: Any = layout.itemAt(number)
        if item.widget() is not None:
            yield item.widget()
        elif item.layout() is not None:
            yield from _of_layout(item.layout())
