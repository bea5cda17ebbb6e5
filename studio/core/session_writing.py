"""A session on its way to the disk, as a folder or as one file; which files there are, and when: `session_files`."""

import hashlib
import json
import re
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studio import __version__
from studio.core.atomic import sweep, written_in_pieces
from studio.core.images import LoadedPicture, full_depth
from studio.core.picture_saving import encode_png
from studio.core.saved_session import SavedFrame, SavedSession
from studio.core.session_files import FORMAT, PREVIEW, SESSION_JSON, SessionFolder, SessionPlace, SessionZip, listed

__all__ = ["pack_session", "write_session"]

STRIP_LIMIT = 256 * 2**20
"""Bytes of pixels that the frames of one session may have, before they are compressed to about half."""

_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}", re.IGNORECASE)


def write_session(session: SavedSession, folder: Path) -> Iterator[None]:
    """Bring a folder up to date, file by file; what is there already is not written again.

    Raises:
        WriteError: the disk does not take it; what was there before can still be opened.

    """
    place = SessionFolder(folder)
    content = yield from _write_files(session, place, paths=True)
    place.write(SESSION_JSON, _as_bytes(content))
    needed = {SESSION_JSON, PREVIEW, *_files_of(content)}
    for path in folder.glob("*/*"):
        if path.relative_to(folder).as_posix() not in needed and not path.name.startswith("."):
            with suppress(OSError):
                path.unlink()
    for part in (folder, *(path for path in folder.iterdir() if path.is_dir())):
        sweep(part)


def pack_session(session: SavedSession, path: Path) -> Iterator[None]:
    """Write a session as one file, which is whole or not there.

    Raises:
        WriteError: the disk does not take it.

    """
    with written_in_pieces(path) as file, zipfile.ZipFile(file, "w") as archive:
        place = SessionZip(archive)
        content = yield from _write_files(session, place, paths=False)
        place.write(SESSION_JSON, _as_bytes(content))


def _write_files(session: SavedSession, place: SessionPlace, *, paths: bool) -> Generator[None, None, dict[str, Any]]:
    pictures = {}
    for sha256, picture in session.pictures.items():
        name = _write_input(picture, place)
        pictures[sha256] = {"name": picture.name, "file": name}
        if paths and picture.path is not None:
            pictures[sha256]["path"] = str(picture.path)
        yield
    frames = []
    for frame in _within(session.frames, STRIP_LIMIT):
        for kind, pixels in ((".png", frame.layer), (".small.png", frame.thumbnail)):
            if not place.has(name := f"frames/{frame.key}{kind}"):
                place.write(name, encode_png(pixels))
        frames.append({
            "key": frame.key, **frame.numbers, "inputs": listed(frame.inputs), "settings": dict(frame.settings),
            "recipe": frame.recipe.model_dump(),
        })  # fmt: skip
        yield
    shown: dict[str, Any] | None = None
    recipe = None if session.recipe is None else session.recipe.model_dump()
    if session.layer is not None:
        name = f"pictures/{session.key}.png"
        if not place.has(name):
            place.write(name, encode_png(session.layer))
        shown = {"file": name, "recipe": recipe, "inputs": listed(session.made_from)}
        yield
    elif session.as_saved:
        shown = {"as_saved": session.as_saved, "recipe": recipe}
    if session.preview is not None:
        place.write(PREVIEW, encode_png(session.preview))
    return {
        "format": FORMAT, "atelier": __version__, "task": session.task, "title": session.title,
        "saved": datetime.now(UTC).isoformat(timespec="seconds"), "running": session.running,
        "settings": dict(session.settings), "inputs": listed(session.inputs), "pictures": pictures,
        "shown": shown, "frames": frames, "masks": [asdict(mask) for mask in session.masks],
    }  # fmt: skip


def _write_input(picture: LoadedPicture, place: SessionPlace) -> str:
    """Write the file of a picture that went in; of one that is gone and was too large to be held, its pixels."""
    suffix = (Path(picture.name).suffix if picture.path is None else picture.path.suffix).lower()
    name = f"inputs/{picture.sha256}{suffix if _SUFFIX.fullmatch(suffix) else '.picture'}"
    if place.has(name):
        return name
    data = picture.encoded
    if data is None and picture.path is not None:
        with suppress(OSError):
            data = picture.path.read_bytes()
    if data is None or hashlib.sha256(data).hexdigest() != picture.sha256:
        name, data = f"inputs/{picture.sha256}.png", encode_png(full_depth(replace(picture, path=None)))
    place.write(name, data)
    return name


def _within(frames: Sequence[SavedFrame], limit: int) -> list[SavedFrame]:
    """Return the frames for which there is room: starred ones first, then the newest."""
    chosen: set[int] = set()
    for number in sorted(range(len(frames)), key=lambda n: (not frames[n].numbers.get("starred"), -n)):
        limit -= frames[number].layer.nbytes
        if limit >= 0:
            chosen.add(number)
    return [frame for number, frame in enumerate(frames) if number in chosen]


def _files_of(content: Mapping[str, Any]) -> Iterator[str]:
    yield from (picture["file"] for picture in content["pictures"].values())
    for frame in content["frames"]:
        yield from (f"frames/{frame['key']}.png", f"frames/{frame['key']}.small.png")
    if "file" in (content["shown"] or {}):
        yield content["shown"]["file"]


def _as_bytes(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=True, indent=1).encode()
