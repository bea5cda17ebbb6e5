"""Every icon of the studio by what it means; glyphs come from a packaged font, colours from the tokens."""

from typing import Any, cast

from fonticon_mdi7 import MDI7
from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QAbstractButton, QLabel
from superqt import fonticon

from studio.ui.theme import Theme
from studio.ui.tokens import Tokens

GLYPHS: dict[str, str] = {
    "about": MDI7.information_outline,
    "add": MDI7.plus,
    "add_picture": MDI7.image_plus_outline,
    "branch": MDI7.source_branch,
    "check": MDI7.check,
    "check_circle": MDI7.check_circle_outline,
    "chevron_down": MDI7.chevron_down,
    "chevron_right": MDI7.chevron_right,
    "close": MDI7.close,
    "compare_side": MDI7.view_parallel_outline,
    "compare_split": MDI7.compare,
    "copy": MDI7.content_copy,
    "degrade": MDI7.image_broken_variant,
    "delete": MDI7.delete_outline,
    "dice": MDI7.dice_5_outline,
    "download": MDI7.download_outline,
    "dream": MDI7.weather_night,
    "eyedropper": MDI7.eyedropper,
    "error": MDI7.alert_circle_outline,
    "export": MDI7.export_variant,
    "fit": MDI7.fit_to_screen_outline,
    "folder": MDI7.folder_outline,
    "generate": MDI7.creation,
    "help": MDI7.help_circle_outline,
    "history": MDI7.history,
    "info": MDI7.information_outline,
    "invented": MDI7.head_question_outline,
    "keyboard": MDI7.keyboard_outline,
    "list": MDI7.format_list_bulleted,
    "library": MDI7.image_multiple_outline,
    "models": MDI7.cube_outline,
    "move_down": MDI7.chevron_down,
    "move_up": MDI7.chevron_up,
    "newest": MDI7.skip_next_outline,
    "more": MDI7.dots_horizontal,
    "open": MDI7.folder_open_outline,
    "paste": MDI7.content_paste,
    "pause": MDI7.pause,
    "peek": MDI7.eye_outline,
    "picture": MDI7.image_outline,
    "play": MDI7.play,
    "redo": MDI7.redo,
    "reset": MDI7.backup_restore,
    "restart": MDI7.refresh,
    "restore": MDI7.bandage,
    "reveal": MDI7.folder_open_outline,
    "save": MDI7.content_save_outline,
    "search": MDI7.magnify,
    "settings": MDI7.cog_outline,
    "star": MDI7.star,
    "star_outline": MDI7.star_outline,
    "step_back": MDI7.chevron_left,
    "step_on": MDI7.chevron_right,
    "stop": MDI7.stop,
    "style": MDI7.brush,
    "theme": MDI7.theme_light_dark,
    "train": MDI7.chart_line,
    "translate": MDI7.swap_horizontal,
    "tune": MDI7.tune_variant,
    "undo": MDI7.undo,
    "warning": MDI7.alert_outline,
    "zoom": MDI7.magnify_plus_outline,
}


def icon(
    name: str, tokens: Tokens, *, colour: str = "text", disabled: str = "text_disabled", checked: str = ""
) -> QIcon:
    """Return the icon called `name`, coloured by token names.

    Args:
        name: a key of `GLYPHS`, or what only one panel shows by its name among the Material Design Icons.
        tokens: where the colours come from.
        colour: token of the ordinary state.
        disabled: token of the disabled state; "" makes the icon vanish there.
        checked: token of the checked state, if it differs.

    Raises:
        KeyError: there is no such icon.

    """
    glyph = GLYPHS.get(name) or getattr(MDI7, name, None)
    if glyph is None:
        raise KeyError(name)
    states: dict[str, Any] = {
        "disabled": fonticon.IconOpts(color=getattr(tokens, disabled) if disabled else "#00000000")
    }
    if checked:
        states["on"] = fonticon.IconOpts(color=getattr(tokens, checked))
    return cast(QIcon, fonticon.icon(glyph, color=getattr(tokens, colour), states=states))


def set_icon(
    target: QAbstractButton | QAction | QLabel,
    name: str,
    theme: Theme,
    *,
    colour: str = "text",
    disabled: str = "text_disabled",
    checked: str = "",
    side: int = 16,
) -> None:
    """Give `target` an icon that keeps up with the theme, on a label `side` px large; a later call replaces it."""
    for binding in target.findChildren(_IconBinding):
        binding.setParent(None)
        binding.deleteLater()
    _IconBinding(target, name, theme, side, {"colour": colour, "disabled": disabled, "checked": checked})


class _IconBinding(QObject):
    """Repaints one icon whenever the theme changes; lives and dies with the widget that shows it."""

    def __init__(
        self, target: QAbstractButton | QAction | QLabel, name: str, theme: Theme, side: int, colours: dict[str, str]
    ) -> None:
        super().__init__(target)
        self._target, self._name, self._theme, self._side, self._colours = target, name, theme, side, colours
        self._paint(theme.tokens)
        theme.theme_changed.connect(self._paint)

    def _paint(self, tokens: Tokens) -> None:
        if self.parent() is None:
            return
        key = (self._name, *self._colours.values())
        made = self._theme.icon(key, lambda: icon(self._name, tokens, **self._colours))
        if isinstance(self._target, QLabel):
            self._target.setPixmap(made.pixmap(QSize(self._side, self._side), self._target.devicePixelRatioF()))
        else:
            self._target.setIcon(made)
