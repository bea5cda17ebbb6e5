"""What `make run` does: the studio's window, or, where none can be shown, the same painting by command line."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from studio.cli import main as atelier
from studio.command_line.window import what_hinders
from studio.core.own_program import shield_children
from studio.core.samples import sample_paintings, sample_photos

FIRST_PAINTING = Path("out/first-painting.png")


def main(files: Sequence[str] = (), flags: Sequence[str] = ()) -> int:
    """Open the studio with `files`, or paint a sample into out/ under `flags`; returns the exit code."""
    obstacle = what_hinders(os.environ, sys.platform)
    if not obstacle:
        return atelier(files)
    print(f"{obstacle}\nUntil then, here is a painting made by command line:", file=sys.stderr)
    return paint_sample(FIRST_PAINTING.absolute(), flags)


def paint_sample(output: Path, flags: Sequence[str] = ()) -> int:
    """Paint the first sample photo in the manner of the first sample painting, as `atelier stylize` does."""
    photo, painting = sample_photos()[0], sample_paintings()[0]
    print(f"“{photo.title}” in the manner of “{painting.title}”", file=sys.stderr)
    output.parent.mkdir(parents=True, exist_ok=True)
    return atelier(["stylize", str(photo.path), str(painting.path), "-o", str(output), *flags])


if __name__ == "__main__":
    shield_children()
    sys.exit(main(sys.argv[1:]))
