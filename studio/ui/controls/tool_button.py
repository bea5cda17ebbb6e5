"""A button that is an icon: named, explained, in the colours of the theme."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from studio.ui.icons import set_icon
from studio.ui.theme import Theme


def tool_button(
    icon: str,
    name: str,
    theme: Theme,
    parent: QWidget | None = None,
    *,
    hint: str = "",
    side: int = 0,
    colour: str = "text",
) -> QToolButton:
    """Return a button that shows an icon.

    Args:
        icon: see `icons.icon`.
        name: what screen readers call it, and its tooltip where there is no `hint`.
        theme: where colours and measures come from.
        parent: the widget it lies in.
        hint: the tooltip.
        side: width and height, px; 0 as large as the style makes it.
        colour: token of the icon.

    """
    button = QToolButton(parent)
    set_icon(button, icon, theme, colour=colour)
    button.setAccessibleName(name)
    button.setToolTip(hint or name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it is
    if side:
        button.setIconSize(QSize(theme.tokens.icon, theme.tokens.icon))
        button.setFixedSize(side, side)
    return button
