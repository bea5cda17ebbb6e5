"""Opens the window, or says why it cannot and what works instead."""

import ctypes
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

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
    """Return why no window can be shown here and what to do about it, or "".

    Qt itself would end the whole program without a word that helps.
    """
    if not qt_is_installed():
        return "The window needs Qt, which is not installed: pip install PySide6-Essentials superqt"
    if not platform.startswith("linux") or environment.get("QT_QPA_PLATFORM") or _wayland_answers(environment):
        return ""
    display = environment.get("DISPLAY", "")
    if not display and not environment.get("WAYLAND_DISPLAY"):
        return "There is no display to show a window on: log in to a desktop, or use “ssh -X”."
    if not _x_answers(display):
        name = display or environment["WAYLAND_DISPLAY"]
        return f"The display {name} does not answer: log in to a desktop, or use “ssh -X”."
    return _what_qt_lacks()


def _wayland_answers(environment: Mapping[str, str]) -> bool:
    name = environment.get("WAYLAND_DISPLAY", "")
    return bool(name) and _connects(socket.AF_UNIX, str(Path(environment.get("XDG_RUNTIME_DIR", "/")) / name))


def _x_answers(display: str) -> bool:
    """Knock at an X server, by the name it has in DISPLAY: [host]:number[.screen]."""
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not number.isdecimal():
        return False
    if host in ("", "unix"):
        place = f"/tmp/.X11-unix/X{number}"
        return any(_connects(socket.AF_UNIX, address) for address in (place, f"\0{place}"))
    return _connects(socket.AF_INET, (host, 6000 + int(number)))


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.settimeout(3)
        try:
            server.connect(address)
        except (OSError, OverflowError):
            return False
        return True


def _what_qt_lacks() -> str:
    """Load the part of Qt that draws on X, as Qt will, and return which system library it misses, or ""."""
    package = find_spec("PySide6")
    folders = package.submodule_search_locations if package is not None else None
    plugin = Path((folders or [""])[0]) / "Qt/plugins/platforms/libqxcb.so"
    if not plugin.exists():  # a distribution's own Qt lies elsewhere, and its package manager sees to the rest
        return ""
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        library = str(error).partition(":")[0]
        return f"Qt needs the system library {library}: sudo apt-get install {debian_package(library)}"
    return ""


def debian_package(library: str) -> str:
    """Return the package that holds a shared library, by Debian's rule for naming them."""
    name, _, version = library.lower().partition(".so.")
    return f"{name}-{version}" if name[-1:].isdigit() else name + version


def qt_is_installed() -> bool:
    """Tell whether Qt's Python package can be imported, without loading it."""
    try:
        return all(find_spec(name) is not None for name in ("PySide6.QtWidgets", "superqt"))
    except (ImportError, ValueError):
        return False
