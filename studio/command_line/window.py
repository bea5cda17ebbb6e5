"""Opens the window, or says why it cannot and what works instead."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

from studio.command_line.exit_codes import FAILED

_INSTEAD = "Without a window: atelier stylize PHOTO PAINTING -o OUT.png"


def open_window(files: Sequence[str]) -> int:
    """Open the studio's window with `files`; returns the exit code."""
    obstacle = what_hinders(os.environ, sys.platform)
    if obstacle:
        print(f"atelier: {obstacle}\n{_INSTEAD}", file=sys.stderr)
        return FAILED
    code: int = import_module("studio.app").main(files)  # by name: everything else here works without Qt
    return code


def what_hinders(environment: Mapping[str, str], platform: str) -> str:
    """Return why no window can be shown here and what to do about it, or ""."""
    if not qt_is_installed():
        return "The window needs Qt, which is not installed: pip install PySide6-Essentials superqt"
    display = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if platform.startswith("linux") and not any(environment.get(name) for name in display):
        return "There is no display to show a window on: log in to a desktop, or use “ssh -X”."
    return ""


def qt_is_installed() -> bool:
    """Tell whether Qt's Python package can be imported, without loading it."""
    try:
        return all(find_spec(name) is not None for name in ("PySide6.QtWidgets", "superqt"))
    except (ImportError, ValueError):
        return False
