"""Everything that can be done now, as commands: what the menus hold, and what the panel in front shows."""

from collections.abc import Iterator
from functools import partial

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QMenu, QMenuBar

from studio.ui.controls.mnemonics import without_mnemonic
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.panel import Panel
from studio.ui.shell.command_palette import Command

__all__ = ["commands_now"]


def commands_now(bar: QMenuBar, panel: Panel) -> list[Command]:
    """Return the commands of every menu, then the buttons of the panel that are no such command, then its settings."""
    of_menus = [command for top in bar.actions() for command in _of_menu(top.menu(), plain(top.text()), "")]
    named = {command.name for command in of_menus}
    return [*of_menus, *(one for one in _of_buttons(panel) if one.name not in named), *_of_settings(panel)]


def _of_menu(menu: object, place: str, heading: str) -> Iterator[Command]:
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()  # some fill themselves when they are opened
    for action in menu.actions():
        name = heading + plain(action.text())
        if action.menu() is not None:
            yield from _of_menu(action.menu(), place, f"{name}: ")
        elif not action.isSeparator() and action.isVisible():
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            yield Command(name, place, keys, action.trigger, action.isEnabled())


def _of_buttons(panel: Panel) -> Iterator[Command]:
    for button in panel.findChildren(QAbstractButton):
        section = button.property("kind") == "section"  # whose name is only that of its group
        named = button.toolTip() if section else button.accessibleName()
        name = named.split("\n")[0].strip() or plain(button.text())
        if name and button.isVisible() and button.isEnabled():
            yield Command(name, panel.title, "", button.click)


def _of_settings(panel: Panel) -> Iterator[Command]:
    for form in panel.findChildren(SettingsForm):
        if form.isVisible():
            for info in form.offered:
                place = f"{panel.title} › {info.group}" if info.group else panel.title
                yield Command(form.row(info.name).caption.text(), place, "", partial(form.show_setting, info.name))


def plain(text: str) -> str:
    """Return a menu's or a button's words without mnemonic and line breaks."""
    return without_mnemonic(text).split("\n")[0].strip()
