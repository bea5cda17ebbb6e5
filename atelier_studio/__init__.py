"""Atelier among other people's packages: the one name that an installed studio takes.

`studio`, `models` and `assets` are names that others use too. In a wheel they lie inside this package, so that
installing the studio overwrites nobody's modules and nobody's shadow ours; in the checkout they lie beside it.
"""

import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["main", "make_importable"]


def make_importable() -> None:
    """Let `studio`, `models` and `assets` be found before others of these names, and nothing in the working folder.

    `python -m` puts the working folder first; a file `copy.py` in it would be taken for Python's own.
    """
    inside = Path(__file__).resolve().parent
    home = inside if (inside / "studio").is_dir() else inside.parent
    here = {"", str(home)}
    with suppress(FileNotFoundError):  # the working folder may be gone
        here.add(str(Path.cwd()))
    sys.path[:] = [str(home), *(place for place in sys.path if place not in here)]


def main() -> int:
    """Run `atelier`; returns the exit code."""
    make_importable()
    from studio.cli import main as atelier

    return atelier()
