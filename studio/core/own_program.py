"""How the program starts itself again, and what its children may import: never what lies in the working folder."""

import os
import sys
from pathlib import Path

import studio

__all__ = ["own_command", "shield_children"]


def own_command(*arguments: str) -> list[str]:
    """Return the command line of another `atelier`, of this very program, installed or not.

    -P keeps Python from putting the working folder first among the places that it imports from: a file `copy.py` there,
    or somebody's package `models`, would be run in place of the right one.
    """
    return [sys.executable, "-P", str(Path(studio.__file__).with_name("__main__.py")), *arguments]


def shield_children() -> None:
    """Say the same to every Python that is started by a library, such as the loader's workers."""
    os.environ["PYTHONSAFEPATH"] = "1"
