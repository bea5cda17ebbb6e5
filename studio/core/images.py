"""Pictures in and out: any file a person may drop becomes sRGB pixels, and results become files with their recipe."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core.events import DeepPicture, Picture
from studio.core.photo_metadata import MetadataChoice, read_photo_metadata
from studio.core.picture_decoding import PictureError, decode, decode_deep
from studio.core.picture_metadata import PhotoMetadata, find_recipe_json
from studio.core.picture_saving import encode_png, save_picture
from studio.core.recipes import Recipe, RecipeError
from studio.core.resizing import fit_within, resize, thumbnail, to_8_bits, to_16_bits

__all__ = [
    "LoadedPicture",
    "PictureError",
    "check_file",
    "display_name",
    "fit_within",
    "from_pixels",
    "full_depth",
    "load_bytes",
    "load_picture",
    "metadata_of",
    "read_file",
    "read_recipe",
    "resize",
    "save_picture",
    "thumbnail",
    "to_8_bits",
    "to_16_bits",
]

DISPLAY_LIMIT = 50_000_000
"""Pixels up to which a picture opens in its full size."""

_FILE_LIMIT = 4 * 2**30
_KEPT_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPicture:
    """A picture as the studio works with it.

    `pixels` are upright (EXIF applied), sRGB, 8 bits, RGB or RGBA with straight alpha. `sha256` is that of the file's
    bytes. `icc_profile` is the file's own profile, for the output. `recipe` is there when the file was made here;
    `recipe_problem` says why one that is there could not be read. `full_size` is (width, height) in the file when
    `pixels` are a reduced version. `encoded` are the file's bytes: the file itself may be gone when they are needed
    (only None where they are very large).
    """

    pixels: Picture
    name: str
    sha256: str
    path: Path | None = None
    icc_profile: bytes | None = None
    bits: int = 8
    recipe: Recipe | None = None
    recipe_problem: str = ""
    full_size: tuple[int, int] | None = None
    encoded: bytes | None = None

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])


def load_picture(path: Path, *, max_pixels: int = DISPLAY_LIMIT) -> LoadedPicture:
    """Open a picture file; its content decides what it is, not its suffix.

    Raises:
        PictureError: there is no such file, it may not be read, is no picture, broken, or far too large.

    """
    return load_bytes(read_file(path), display_name(path), max_pixels=max_pixels, path=path)


def full_depth(picture: LoadedPicture) -> Picture | DeepPicture:
    """Return a picture's pixels with as many bits as its file has; 8 where more cannot be had (see `decode_deep`).

    Raises:
        PictureError: the file of a very large picture is not there any more.

    """
    if picture.bits <= 8 or picture.full_size is not None:
        return picture.pixels
    data = picture.encoded or (read_file(picture.path) if picture.path else b"")
    deep = decode_deep(data) if hashlib.sha256(data).hexdigest() == picture.sha256 else None
    return picture.pixels if deep is None or deep.shape[:2] != picture.pixels.shape[:2] else deep


def metadata_of(picture: LoadedPicture | None, choice: MetadataChoice) -> PhotoMetadata:
    """Return what of a photo's metadata goes into a picture made from it; nothing where its file is gone."""
    if picture is None:
        return PhotoMetadata()
    data = picture.encoded or b""
    if not data and picture.path is not None:
        with suppress(PictureError):
            data = read_file(picture.path)
    return read_photo_metadata(data, choice)


def load_bytes(data: bytes, name: str, *, max_pixels: int = DISPLAY_LIMIT, path: Path | None = None) -> LoadedPicture:
    """Open a picture from a file's bytes, e.g. dropped from a browser, or read from `path`.

    Raises:
        PictureError: see `load_picture`.

    """
    decoded = decode(data, name, max_pixels)
    recipe, problem = None, ""
    try:
        recipe = read_recipe(data)
    except RecipeError as error:
        problem = str(error)
    height, width = decoded.pixels.shape[:2]
    return LoadedPicture(
        pixels=decoded.pixels,
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        path=path,
        icc_profile=decoded.icc_profile,
        bits=decoded.bits,
        recipe=recipe,
        recipe_problem=problem,
        full_size=decoded.full_size if decoded.full_size != (width, height) else None,
        encoded=data if len(data) <= _KEPT_BYTES else None,
    )


def from_pixels(pixels: Picture, name: str) -> LoadedPicture:
    """Make a picture of pasted pixels; its file is the lossless PNG that the library will keep of it."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or pixels.size == 0:
        raise PictureError(f"“{name}” is not a picture that can be used here.", "Save it as a file, and open that.")
    pixels = np.ascontiguousarray(pixels)
    data = encode_png(pixels)
    return LoadedPicture(pixels=pixels, name=name, sha256=hashlib.sha256(data).hexdigest(), encoded=data)


def read_recipe(source: Path | bytes) -> Recipe | None:
    """Return the recipe inside a PNG, JPEG, TIFF or WebP file, or None where there is none.

    Raises:
        PictureError: the file cannot be read.
        RecipeError: the recipe is damaged, or comes from a newer version.

    """
    text = find_recipe_json(source if isinstance(source, bytes) else read_file(source))
    return None if text is None else Recipe.from_json(text)


def display_name(path: Path) -> str:
    """Return a file's name as proper text, which names of files need not be."""
    return path.name.encode(errors="replace").decode()


def check_file(path: Path) -> None:
    """Look whether this is a file that can be read; its content is not touched.

    Raises:
        PictureError: it is none: there is nothing, or a folder, a pipe (from which reading might never end), a giant.

    """
    name = display_name(path)
    with _explained(path):
        if path.is_dir():
            raise PictureError(f"“{name}” is a folder, not a picture.", "Choose a picture inside it.")
        if path.exists() and not path.is_file():
            raise PictureError(f"“{name}” is a device, not a picture.", "Choose a picture file.")
        if path.stat().st_size > _FILE_LIMIT:
            raise PictureError(f"“{name}” is larger than 4 GB.", "Make it smaller in another program first.")


def read_file(path: Path) -> bytes:
    """Return the bytes of a picture's file.

    Raises:
        PictureError: there is no such file, it may not be read, or is no file (see `check_file`).

    """
    check_file(path)
    with _explained(path):
        return path.read_bytes()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    name = display_name(path)
    try:
        yield
    except FileNotFoundError as error:
        gone = "leads to a file that is not there" if path.is_symlink() else "is not there"
        raise PictureError(
            f"“{name}” {gone} ({path.absolute().parent}).", "Check the path, or choose the file again."
        ) from error
    except PermissionError as error:
        raise PictureError(
            f"No permission to read “{name}”.", "Change its permissions, or copy it elsewhere."
        ) from error
    except OSError as error:
        raise PictureError(
            f"“{name}” cannot be read ({error.strerror or error}).", "Check the disk, or copy the file elsewhere."
        ) from error
