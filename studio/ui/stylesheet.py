"""The one stylesheet, made from the tokens: flat surfaces, hairline borders, a visible focus ring, no gradients.

Widgets say what they are through dynamic properties: `surface` (canvas, window, panel, raised, card), `tone` (title,
muted, small, little, strong), `kind` (primary, quiet, link for buttons). Nothing else in the studio sets colours in a
stylesheet.
"""

from studio.ui.tokens import Tokens


def stylesheet(tokens: Tokens) -> str:
    """Return the application's stylesheet for one set of tokens."""
    return "\n".join(part(tokens) for part in (_surfaces, _buttons, _fields, _views, _bars, _menus))


def _surfaces(t: Tokens) -> str:
    return f"""
QMainWindow, QDialog {{ background: {t.window}; }}
*[surface="canvas"] {{ background: {t.canvas}; }}
*[surface="window"] {{ background: {t.window}; }}
*[surface="panel"] {{ background: {t.panel}; }}
*[surface="raised"] {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {t.radius}px; }}
*[surface="card"] {{ background: {t.panel}; border: 1px solid {t.border}; border-radius: {t.radius}px; }}
*[surface="card"][current="true"] {{ border-color: {t.accent}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; }}
QLabel {{ background: transparent; color: {t.text}; }}
QLabel:disabled {{ color: {t.text_disabled}; }}
QLabel[tone="title"] {{ font-size: {t.title_size}px; font-weight: 600; }}
QLabel[tone="strong"] {{ font-weight: 600; }}
QLabel[tone="muted"] {{ color: {t.text_muted}; }}
QLabel[tone="little"] {{ font-size: {t.small_size}px; }}
QLabel[tone="small"] {{ color: {t.text_muted}; font-size: {t.small_size}px; }}
QLabel[kind="key"] {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 3px; padding: 1px 6px;
    font-size: {t.small_size}px; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border}; padding: 4px 8px; }}
QSplitter::handle {{ background: {t.canvas}; }}
QStatusBar {{ background: {t.window}; color: {t.text_muted}; }}
QStatusBar::item {{ border: none; }}
"""


def _buttons(t: Tokens) -> str:
    return f"""
QPushButton {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border}; border-radius: {t.radius}px;
    min-height: {t.control - 10}px; padding: 3px 15px; }}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:pressed {{ background: {t.pressed}; }}
QPushButton:disabled {{ background: transparent; color: {t.text_disabled}; }}
QPushButton:focus {{ border: 2px solid {t.focus}; padding: 2px 14px; }}
QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent};
    font-weight: 600; }}
QPushButton[kind="primary"]:hover {{ background: {t.accent_hover}; border-color: {t.accent_hover}; }}
QPushButton[kind="primary"]:disabled {{ background: transparent; color: {t.text_disabled}; border-color: {t.border}; }}
QPushButton[kind="primary"]:focus {{ border-color: {t.text}; }}
*[surface="raised"] QPushButton {{ background: {t.hover}; border-color: {t.outline}; }}
QPushButton[kind="link"] {{ background: transparent; border-color: transparent; color: {t.accent}; text-align: left;
    padding: 3px 5px; }}
QPushButton[kind="link"]:hover {{ color: {t.text}; }}
QPushButton[kind="link"]:focus {{ border: 2px solid {t.focus}; padding: 2px 4px; }}
QPushButton::menu-indicator {{ width: 0; }}
QToolButton {{ background: transparent; color: {t.text}; border: 1px solid transparent;
    border-radius: {t.radius}px; padding: 3px; }}
QToolButton:hover {{ background: {t.hover}; }}
QToolButton:pressed {{ background: {t.pressed}; }}
QToolButton:checked {{ background: {t.accent_soft}; }}
QToolButton:disabled {{ color: {t.text_disabled}; background: transparent; }}
QToolButton:focus {{ border-color: {t.focus}; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QToolButton[kind="section"] {{ font-weight: 600; text-align: left; padding: 3px 0; }}
QToolButton[kind="section"]:checked {{ background: transparent; }}
QToolButton[kind="section"]:hover {{ background: {t.raised}; }}
QToolButton[kind="section"][passed="true"] {{ color: {t.text_muted}; font-weight: 400; }}
QToolButton[kind="segment"] {{ background: {t.field}; border: 1px solid {t.border}; border-radius: 0;
    min-height: {t.row - 8}px; padding: 3px 4px; }}
QToolButton[kind="segment"]:hover {{ background: {t.hover}; }}
QToolButton[kind="segment"]:checked {{ background: {t.accent_soft}; border-color: {t.accent}; }}
QToolButton[kind="segment"]:focus {{ border: 2px solid {t.focus}; padding: 2px 3px; }}
QToolButton[kind="segment"]:disabled {{ background: transparent; border-color: {t.border}; }}
QToolButton[kind="segment"]:checked:disabled {{ background: {t.window}; border-color: {t.outline}; }}
QToolButton[kind="rail"] {{ font-size: {t.small_size}px; color: {t.text_muted}; padding: 4px 2px; }}
QToolButton[kind="rail"]:hover {{ background: {t.raised}; }}
QToolButton[kind="rail"]:checked {{ background: {t.raised}; color: {t.text}; }}
QToolButton[kind="rail"]:disabled {{ color: {t.text_disabled}; background: transparent; }}
QToolButton[kind="add"] {{ border: 1px dashed {t.outline}; }}
QToolButton[kind="add"]:focus {{ border: 2px solid {t.focus}; }}
QToolButton[kind="overlay"] {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 10px; padding: 0; }}
QToolButton[kind="overlay"]:hover {{ background: {t.hover}; }}
QToolButton[kind="segment"][end="first"] {{ border-top-left-radius: {t.radius}px;
    border-bottom-left-radius: {t.radius}px; }}
QToolButton[kind="segment"][end="last"] {{ border-top-right-radius: {t.radius}px;
    border-bottom-right-radius: {t.radius}px; }}
QToolButton[kind="segment"][end="both"] {{ border-radius: {t.radius}px; }}
"""


def _fields(t: Tokens) -> str:
    return f"""
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit {{ background: {t.field}; color: {t.text};
    border: 1px solid {t.border}; border-radius: {t.radius}px; padding: 1px 6px; min-height: {t.row - 4}px;
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover {{ border-color: {t.outline}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus {{ border: 2px solid {t.focus};
    padding: 0 5px; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{ background: transparent;
    color: {t.text_disabled}; }}
QLineEdit[invalid="true"] {{ border-color: {t.error}; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
QAbstractSpinBox[kind="quiet"] {{ background: transparent; border-color: transparent; }}
QAbstractSpinBox[kind="quiet"]:hover {{ background: {t.field}; border-color: {t.outline}; }}
QAbstractSpinBox[kind="quiet"]:focus {{ background: {t.field}; border-color: {t.focus}; }}
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus {{ border: none; background: transparent;
    padding: 0 6px; min-height: 0; }}
QComboBox {{ padding-right: {t.row}px; combobox-popup: 0; }}
QComboBox:focus {{ padding-right: {t.row - 1}px; }}
QComboBox::drop-down {{ border: none; width: {t.row}px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border};
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; outline: none; padding: 4px; }}
QComboBox QAbstractItemView::item {{ min-height: {t.row - 6}px; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QCheckBox, QRadioButton {{ background: transparent; color: {t.text}; spacing: 8px; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {t.text_disabled}; }}
"""


def _views(t: Tokens) -> str:
    return f"""
QAbstractItemView {{ background: {t.window}; color: {t.text}; border: none; outline: none;
    selection-background-color: {t.accent_soft}; selection-color: {t.text}; alternate-background-color: {t.panel}; }}
QHeaderView::section {{ background: {t.panel}; color: {t.text_muted}; border: none;
    border-bottom: 1px solid {t.border}; padding: 4px 8px; }}
"""


def _bars(t: Tokens) -> str:
    return f"""
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {t.groove}; border-radius: 3px; margin: 3px; min-height: 32px; min-width: 32px; }}
QScrollBar::handle:hover {{ background: {t.outline}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {t.groove}; border: none; border-radius: 2px; min-height: 4px; max-height: 4px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
QProgressBar:disabled {{ background: {t.border}; }}
"""


def _menus(t: Tokens) -> str:
    return f"""
QMenuBar {{ background: {t.window}; color: {t.text}; }}
QMenuBar::item {{ background: transparent; padding: 4px 8px; border-radius: {t.radius}px; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QMenu {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: {t.radius}px; }}
QMenu::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
QMenu::item:disabled {{ color: {t.text_muted}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}
QMenu::icon {{ padding-left: 8px; }}
QToolBar {{ background: {t.window}; border: none; spacing: 4px; padding: 4px; }}
"""
