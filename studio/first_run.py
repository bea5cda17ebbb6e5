"""What `make run` does: the studio's window, or, on a machine without a display, the same painting by command line."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FIRST_PAINTING = Path("out/first-painting.png")


def main(files: Sequence[str] = ()) -> int:
    """Open the studio with `files`, or paint the first sample where no window can be shown; returns the exit code."""
    if has_display(os.environ, sys.platform):
        from studio.app import main as open_studio

        return open_studio(files)
    print("There is no display here, so the studio paints by command line.", file=sys.stderr)
    return paint_sample(FIRST_PAINTING)


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Tell whether a window can be shown: elsewhere than on Linux always, there where X or Wayland is announced."""
    return not platform.startswith("linux") or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def paint_sample(output: Path, *flags: str) -> int:
    """Paint the first sample photo in the manner of the first sample painting, as `atelier stylize` does."""
    from studio.cli import main as atelier
    from studio.core.samples import sample_paintings, sample_photos

    photo, painting = sample_photos()[0], sample_paintings()[0]
    print(f"{photo.title} in the manner of {painting.title}", file=sys.stderr)
    output.parent.mkdir(parents=True, exist_ok=True)
    code = atelier(["stylize", str(photo.path), str(painting.path), "-o", str(output), *flags])
    if code == 0:
        print(output.resolve())
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
