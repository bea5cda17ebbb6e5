"""A place for figures that count: of fixed width, so that nothing beside them shifts."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from studio.ui.theme import mark, with_even_figures


def figures_label(widest: str, parent: QWidget) -> QLabel:
    """Return an empty, right-aligned label with room for `widest`, in digits of one width."""
    label = QLabel(parent)
    label.setFont(with_even_figures(label.font()))
    label.setFixedWidth(label.fontMetrics().horizontalAdvance(widest) + 4)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    mark(label, tone="muted")
    return label
