"""Pictures in and out: any file a person may drop becomes sRGB pixels, and results become files with their recipe."""

from dataclasses import dataclass
from pathlib import Path

from studio.core.events import Picture
from studio.core.recipes import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPicture:
    """A picture as the studio works with it.

    `pixels` are upright (EXIF applied), sRGB, 8 bits, RGB or RGBA with straight alpha. `sha256` is that of the file's
    bytes. `icc_profile` is the file's own profile, for the output. `recipe` is there when the file was made here.
    """

    pixels: Picture
    name: str
    sha256: str
    path: Path | None = None
    icc_profile: bytes | None = None
    bits: int = 8
    recipe: Recipe | None = None

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])
