"""Walks a widget tree as a screen reader would: everything that takes the focus must have a name."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractScrollArea, QAbstractSpinBox, QComboBox, QWidget


def focusable_controls(root: QWidget) -> Iterator[QWidget]:
    """Yield every widget below `root` (and itself) that the keyboard can reach, hidden ones included."""
    for widget in (root, *root.findChildren(QWidget)):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not _is_inner_part(widget):
            yield widget


def controls_without_name(root: QWidget) -> list[str]:
    """Return a description of every control that a screen reader could not name."""
    return [_path_of(widget) for widget in focusable_controls(root) if not spoken_name(widget)]


def controls_without_tooltip(root: QWidget, *kinds: type[QWidget]) -> list[str]:
    """Return a description of every control of these kinds that explains nothing on hover."""
    return [_path_of(w) for w in focusable_controls(root) if isinstance(w, kinds) and not w.toolTip()]


def spoken_name(widget: QWidget) -> str:
    """Return the name that assistive technology is told."""
    return str(QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)).strip()


def _is_inner_part(widget: QWidget) -> bool:
    """Tell the parts that Qt builds into its own controls: they speak through the control."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractSpinBox | QComboBox):
            return True
        parent = parent.parentWidget()
    above = widget.parentWidget()
    if isinstance(above, QAbstractScrollArea) and widget is above.viewport():
        return True
    # a scroll area around a page only passes the focus on
    return type(widget).__name__ in ("QScrollArea", "QStackedWidget") and not widget.accessibleName()


def _path_of(widget: QWidget) -> str:
    names: list[str] = []
    at: QWidget | None = widget
    while at is not None:
        names.append(at.objectName() or type(at).__name__)
        at = at.parentWidget()
    return " < ".join(names)
