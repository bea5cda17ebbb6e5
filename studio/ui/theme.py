"""The theme that is handed around: which tokens hold now, and how the application is dressed in them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from studio.ui.stylesheet import stylesheet
from studio.ui.tokens import DARK, LIGHT, Tokens

ThemeMode = Literal["system", "dark", "light"]

_FAMILIES = (
    "Inter", "Segoe UI Variable Text", "Segoe UI", "Helvetica Neue", "Noto Sans", "Cantarell", "Ubuntu",
    "Liberation Sans", "DejaVu Sans",
)  # fmt: skip


class Theme(QObject):
    """Dresses the application and tells widgets when the colours change.

    Args:
        app: the application to dress.
        mode: "dark", "light", or "system" to follow the desktop.

    """

    theme_changed = Signal(object)
    """The newest `Tokens`."""

    def __init__(self, app: QApplication, mode: ThemeMode = "system") -> None:
        super().__init__(app)
        self._app = app
        self._mode: ThemeMode = mode
        self._tokens = self._tokens_for(mode)
        self._icons: dict[tuple[str, ...], QIcon] = {}
        app.setStyle("Fusion")
        app.setFont(_interface_font(self._tokens.text_size))
        self.set_mode(mode)
        self._connect()

    def _connect(self) -> None:
        self._app.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def tokens(self) -> Tokens:
        """The colours and measures that hold now."""
        return self._tokens

    @property
    def mode(self) -> ThemeMode:
        """What was chosen: "system", "dark" or "light"."""
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Choose "system", "dark" or "light"; anything else counts as "system" (an old preferences file)."""
        self._mode = cast(ThemeMode, mode) if mode in ("dark", "light") else "system"
        hints = self._app.styleHints()
        schemes = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light, "system": Qt.ColorScheme.Unknown}
        if hasattr(hints, "setColorScheme"):  # Qt 6.8: title bars and native dialogs follow as well
            hints.setColorScheme(schemes[self._mode])
        self._dress(self._tokens_for(self._mode))

    @contextmanager
    def dressing_last(self) -> Iterator[None]:
        """Build a whole window, and dress it when it stands.

        Qt polishes all that is laid into something larger once more, which takes as long again as building it.
        """
        sheet = self._app.styleSheet()
        self._app.setStyleSheet("")
        try:
            yield
        finally:
            self._app.setStyleSheet(sheet)

    def icon(self, key: tuple[str, ...], make: Callable[[], QIcon]) -> QIcon:
        """Return the icon of this key, made once for the colours that hold now: many buttons show the same few."""
        if key not in self._icons:
            self._icons[key] = make()
        return self._icons[key]

    def colour(self, role: str) -> QColor:
        """Return the colour that a token has now, e.g. `colour("accent")`."""
        return QColor(cast(str, getattr(self._tokens, role)))

    def _follow_system(self, scheme: Qt.ColorScheme) -> None:
        if self._mode == "system":
            self._dress(_tokens_of(scheme))

    def _tokens_for(self, mode: ThemeMode) -> Tokens:
        if mode == "system":
            return _tokens_of(self._app.styleHints().colorScheme())
        return LIGHT if mode == "light" else DARK

    def _dress(self, tokens: Tokens) -> None:
        sheet = stylesheet(tokens)
        if self._app.styleSheet() == sheet:
            return
        self._tokens = tokens
        self._icons.clear()
        self._app.setPalette(palette(tokens))
        self._app.setStyleSheet(sheet)
        self.theme_changed.emit(tokens)


def _tokens_of(scheme: Qt.ColorScheme) -> Tokens:
    # a desktop that says nothing gets the dark one: pictures are judged better on it
    return LIGHT if scheme == Qt.ColorScheme.Light else DARK


def palette(tokens: Tokens) -> QPalette:
    """Return the palette for everything that the stylesheet leaves to Fusion."""
    roles = QPalette.ColorRole
    colours = {
        roles.Window: tokens.window, roles.WindowText: tokens.text, roles.Base: tokens.field,
        roles.AlternateBase: tokens.panel, roles.Text: tokens.text, roles.Button: tokens.raised,
        roles.ButtonText: tokens.text, roles.BrightText: tokens.error, roles.ToolTipBase: tokens.raised,
        roles.ToolTipText: tokens.text, roles.PlaceholderText: tokens.text_muted, roles.Highlight: tokens.accent,
        roles.HighlightedText: tokens.on_accent, roles.Link: tokens.accent, roles.LinkVisited: tokens.accent,
        roles.Light: tokens.hover, roles.Midlight: tokens.raised, roles.Mid: tokens.border,
        roles.Dark: tokens.outline, roles.Shadow: tokens.canvas, roles.Accent: tokens.accent,
    }  # fmt: skip
    made = QPalette()
    for role, colour in colours.items():
        made.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.PlaceholderText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.text_disabled))
    return made


def mark(widget: QWidget, **properties: str) -> None:
    """Set the dynamic properties the stylesheet selects by (`surface`, `tone`, `kind`), and restyle at once."""
    if all(widget.property(name) == value for name, value in properties.items()):
        return  # to restyle takes longer than all else that follows a slider
    for name, value in properties.items():
        widget.setProperty(name, value)
    if "surface" in properties:
        widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):  # otherwise its first polish will see them
        style = widget.style()
        style.unpolish(widget)
        style.polish(widget)


def with_even_figures(font: QFont) -> QFont:
    """Return `font` with digits of one width, so that counting numbers do not shiver."""
    even = QFont(font)
    if hasattr(even, "setFeature"):  # Qt 6.7
        even.setFeature(QFont.Tag("tnum"), 1)
    return even


def _interface_font(pixels: int) -> QFont:
    """Return the first of the usual sans families that is there; bare systems fall back to Qt's own choice."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    there = [family for family in _FAMILIES if QFontDatabase.hasFamily(family)]
    font = QFont(system)
    font.setFamilies([*there[:1], *system.families()])
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPixelSize(pixels)
    return font
