"""A panel's session as a folder or one zip file: photo, paintings, settings, film strip and picture, to go on from.

session.json              what is what; written last, and read first
inputs/<sha256>.<suffix>  the very files that went in, so that an original may be moved or deleted
frames/<key>.png          frames of the film strip, as the job made them; <key>.small.png as the artist saw them
pictures/<key>.png        the picture that was shown, 8 or 16 bits a channel
preview.png               a small version, for lists

Every file but session.json is written once and never changed, and nothing is removed before the session.json that no
longer needs it is safely in place: whenever the power fails, what lies there can be opened. A zip holds the same files
under the same names, and tells no paths, since it travels.

Readers pass over what they do not know or cannot find, except the photo.
"""

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import cv2
import numpy as np

from studio import __version__
from studio.core.atomic import sweep, write_error, write_file, written_in_pieces
from studio.core.events import DeepPicture, Picture
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture, full_depth, load_bytes, load_picture
from studio.core.picture_saving import encode_png
from studio.core.picture_task import CONTENT
from studio.core.picture_tasks import picture_task_named
from studio.core.recipes import Recipe, RecipeError
from studio.core.resizing import to_8_bits

__all__ = [
    "SESSION_SUFFIX",
    "KeptSession",
    "SavedFrame",
    "SavedMask",
    "SavedSession",
    "SessionError",
    "kept_sessions",
    "pack_session",
    "prune_sessions",
    "read_masks",
    "read_session",
    "write_session",
]

SESSION_SUFFIX = ".atelier"
FORMAT = 1
STRIP_LIMIT = 256 * 2**20
"""Bytes of pixels that the frames of one session may have, before they are compressed to about half."""
KEPT = 8
KEPT_BYTES = 2 * 2**30
"""How many sessions, and how many bytes of them, are kept unasked; the newest one always is."""

InputKeys: TypeAlias = Mapping[str, tuple[str, ...]]
"""Role → sha256 of the pictures in it."""

_TEXTS, _MARKS = ("name", "picture", "role"), ("shown", "colours")
_JSON, _PREVIEW = "session.json", "preview.png"
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}", re.IGNORECASE)
_KEY = re.compile(r"[0-9a-f]{8,64}")
_NAME = re.compile(r"preview\.png|(inputs|frames|pictures)/[0-9a-f]{8,64}(\.small)?\.[a-z0-9]{1,7}")


class SessionError(StudioError):
    """A session that cannot be opened, in words for the user."""


@dataclass(frozen=True, slots=True, eq=False)
class SavedFrame:
    """A frame of the film strip, and how it came to be; what the numbers mean: `studio.ui.picture.history`."""

    key: str
    layer: Picture
    thumbnail: Picture
    recipe: Recipe
    settings: Mapping[str, Any]
    inputs: InputKeys
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SavedMask:
    """A mask of the list: `picture` is the sha256 of what is painted on it, "" where that is nothing."""

    name: str
    picture: str
    role: str = ""
    shown: bool = True
    colours: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SavedSession:
    """Everything that a panel holds. `running`: the picture was being made when this was written.

    `pictures` are all that `inputs`, `made_from` (what `layer` was made from), `as_saved`, frames and masks name, by
    sha256.
    `key` names the newest layer: another layer has another key. `as_saved` is the file that is shown as it was saved,
    where nobody knows its layer.
    """

    task: str
    title: str
    settings: Mapping[str, Any]
    pictures: Mapping[str, LoadedPicture]
    inputs: InputKeys
    running: bool = False
    key: str = ""
    layer: Picture | DeepPicture | None = None
    recipe: Recipe | None = None
    made_from: InputKeys = field(default_factory=dict)
    as_saved: str = ""
    frames: Sequence[SavedFrame] = ()
    preview: Picture | None = None
    masks: Sequence[SavedMask] = ()


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session that was kept unasked."""

    path: Path
    task: str
    title: str
    saved: datetime
    running: bool

    def preview(self) -> Picture | None:
        """Return a small version of its picture, None where there is none."""
        with suppress(StudioError):
            return load_picture(self.path / _PREVIEW).pixels
        return None


class _Place(Protocol):
    """Where the files of a session lie."""

    def has(self, name: str) -> bool: ...
    def write(self, name: str, data: bytes) -> None: ...
    def read(self, name: str) -> bytes: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def has(self, name: str) -> bool:
        return (self.root / name).exists()

    def write(self, name: str, data: bytes) -> None:
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(path, error) from error
        write_file(path, data)

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def has(self, name: str) -> bool:
        return name in self._archive.namelist()

    def write(self, name: str, data: bytes) -> None:
        self._archive.writestr(name, data)  # pictures are compressed already

    def read(self, name: str) -> bytes:
        return self._archive.read(name)


# -- writing -----------------------------------------------------------------------------------------------------------


def write_session(session: SavedSession, folder: Path) -> Iterator[None]:
    """Bring a folder up to date, file by file; what is there already is not written again.

    Raises:
        WriteError: the disk does not take it; what was there before can still be opened.

    """
    place = _Folder(folder)
    content = yield from _write_files(session, place, paths=True)
    place.write(_JSON, _as_bytes(content))
    needed = {_JSON, _PREVIEW, *_files_of(content)}
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
        place = _Zip(archive)
        content = yield from _write_files(session, place, paths=False)
        place.write(_JSON, _as_bytes(content))


def _write_files(session: SavedSession, place: _Place, *, paths: bool) -> Generator[None, None, dict[str, Any]]:
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
            "key": frame.key, **frame.numbers, "inputs": _listed(frame.inputs), "settings": dict(frame.settings),
            "recipe": frame.recipe.model_dump(),
        })  # fmt: skip
        yield
    shown: dict[str, Any] | None = None
    recipe = None if session.recipe is None else session.recipe.model_dump()
    if session.layer is not None:
        name = f"pictures/{session.key}.png"
        if not place.has(name):
            place.write(name, encode_png(session.layer))
        shown = {"file": name, "recipe": recipe, "inputs": _listed(session.made_from)}
        yield
    elif session.as_saved:
        shown = {"as_saved": session.as_saved, "recipe": recipe}
    if session.preview is not None:
        place.write(_PREVIEW, encode_png(session.preview))
    return {
        "format": FORMAT, "atelier": __version__, "task": session.task, "title": session.title,
        "saved": datetime.now(UTC).isoformat(timespec="seconds"), "running": session.running,
        "settings": dict(session.settings), "inputs": _listed(session.inputs), "pictures": pictures,
        "shown": shown, "frames": frames, "masks": [asdict(mask) for mask in session.masks],
    }  # fmt: skip


def _write_input(picture: LoadedPicture, place: _Place) -> str:
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


def _listed(inputs: InputKeys) -> dict[str, list[str]]:
    return {role: list(keys) for role, keys in inputs.items()}


def _files_of(content: Mapping[str, Any]) -> Iterator[str]:
    yield from (picture["file"] for picture in content["pictures"].values())
    for frame in content["frames"]:
        yield from (f"frames/{frame['key']}.png", f"frames/{frame['key']}.small.png")
    if "file" in (content["shown"] or {}):
        yield content["shown"]["file"]


def _as_bytes(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=True, indent=1).encode()


# -- reading -----------------------------------------------------------------------------------------------------------


def read_session(path: Path) -> SavedSession:
    """Open what `write_session` or `pack_session` wrote, by this version or an older one.

    Raises:
        SessionError: it is no session, damaged, of a newer version, or its photo is not there any more.

    """
    with _opened(path) as place:
        return _read(place, path)


@contextmanager
def _opened(path: Path) -> Iterator[_Place]:
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Zip(archive)
    except (zipfile.BadZipFile, OSError) as error:
        raise SessionError(
            f"“{path.name}” cannot be opened as a session ({error}).", "Check the file, or open another one."
        ) from error


def _read(place: _Place, path: Path) -> SavedSession:
    content = _content(place, path.name)
    pictures: dict[str, LoadedPicture] = {}
    for sha256, told in _mapping(content.get("pictures")).items():
        with suppress(OSError, KeyError, StudioError, zipfile.BadZipFile):
            pictures[sha256] = replace(_picture(place, told, path), sha256=sha256)
    inputs = _there(content.get("inputs"), pictures)
    task = picture_task_named(str(content.get("task")))
    if not inputs.get(CONTENT) and (task is None or task.has_photo):
        raise SessionError(f"The photo of the session “{path.name}” cannot be read any more.", "Open the photo itself.")
    shown = _mapping(content.get("shown"))
    layer = _pixels(place, str(shown.get("file", "")))
    as_saved = str(shown.get("as_saved", ""))
    as_saved = as_saved if layer is None and as_saved in pictures else ""
    frames = [frame for told in content.get("frames", ()) if (frame := _frame(place, _mapping(told), pictures))]
    return SavedSession(
        task=str(content["task"]),
        title=str(content.get("title", "")),
        settings=_mapping(content.get("settings")),
        pictures=pictures,
        inputs=inputs,
        running=bool(content.get("running")),
        layer=layer,
        recipe=None if layer is None and not as_saved else _recipe(shown.get("recipe")),
        made_from=_there(shown.get("inputs"), pictures),
        as_saved=as_saved,
        frames=frames,
        preview=None if (preview := _pixels(place, _PREVIEW)) is None else to_8_bits(preview),
        masks=_masks(content, pictures),
    )


def read_masks(path: Path) -> tuple[tuple[SavedMask, ...], Mapping[str, LoadedPicture]]:
    """Return the masks of a session and what is painted on them, without reading anything else.

    Raises:
        SessionError: see `read_session`.

    """
    with _opened(path) as place:
        content = _content(place, path.name)
        told = _mapping(content.get("pictures"))
        pictures: dict[str, LoadedPicture] = {}
        for mask in _masks(content, told):
            with suppress(OSError, KeyError, StudioError, zipfile.BadZipFile):
                if mask.picture:
                    pictures[mask.picture] = replace(_picture(place, told[mask.picture], path), sha256=mask.picture)
        return _masks(content, pictures), pictures


def _masks(content: Mapping[str, Any], pictures: Mapping[str, Any]) -> tuple[SavedMask, ...]:
    """Return the masks that this version understands, as far as there is what is painted on them."""
    found = []
    listed = content.get("masks")
    for told in listed if isinstance(listed, list) else ():
        words, marks = ({name: _mapping(told).get(name) for name in names} for names in (_TEXTS, _MARKS))
        is_told = all(isinstance(word, str) for word in words.values())
        if is_told and all(isinstance(mark, bool) for mark in marks.values()):
            mask = SavedMask(**words, **marks)  # type: ignore[arg-type]  # just looked at
            if not mask.picture or mask.picture in pictures:
                found.append(mask)
    return tuple(found)


def _content(place: _Place, name: str) -> dict[str, Any]:
    """Return session.json, understood as far as its format goes."""
    try:
        content = json.loads(place.read(_JSON))
        form = content["format"]
        if not isinstance(form, int) or not isinstance(content["task"], str):
            raise TypeError
    except (OSError, KeyError, TypeError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise SessionError(f"“{name}” holds no session that can be read.", "Open another one, or the photo.") from error
    if form > FORMAT:
        raise SessionError(
            f"“{name}” comes from a newer Atelier (session format {form}; this one reads {FORMAT}).", "Update Atelier."
        )
    found: dict[str, Any] = content
    return found


def _picture(place: _Place, told: Mapping[str, Any], path: Path) -> LoadedPicture:
    file, name = _checked(str(told["file"])), str(told["name"])
    original = Path(str(told.get("path", "")))
    if isinstance(place, _Folder):
        loaded = load_picture(place.root / file)
        return replace(loaded, name=name, path=original if original.is_absolute() else loaded.path)
    return load_bytes(place.read(file), name)


def _frame(place: _Place, told: Mapping[str, Any], pictures: Mapping[str, LoadedPicture]) -> SavedFrame | None:
    key = str(told.get("key", ""))
    recipe = _recipe(told.get("recipe"))
    if not _KEY.fullmatch(key) or recipe is None:
        return None
    layer, small = (_pixels(place, f"frames/{key}{kind}") for kind in (".png", ".small.png"))
    inputs = _mapping(told.get("inputs"))
    there = _there(inputs, pictures)
    if layer is None or small is None or _listed(there) != inputs:
        return None
    apart = {"key", "inputs", "settings", "recipe"}
    numbers = {name: value for name, value in told.items() if name not in apart}
    if not all(isinstance(numbers.get(name), int) for name in ("number", "step")):
        return None
    return SavedFrame(key, to_8_bits(layer), to_8_bits(small), recipe, _mapping(told.get("settings")), there, numbers)


def _pixels(place: _Place, name: str) -> Picture | DeepPicture | None:
    """Return what `encode_png` wrote, to the bit; None where it is missing or damaged."""
    with suppress(OSError, KeyError, cv2.error, zipfile.BadZipFile):
        stored = cv2.imdecode(np.frombuffer(place.read(_checked(name)), np.uint8), cv2.IMREAD_UNCHANGED)
        if stored is not None and stored.ndim == 3 and stored.dtype in (np.uint8, np.uint16):
            order = cv2.COLOR_BGRA2RGBA if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
            return cv2.cvtColor(stored, order)  # type: ignore[return-value]  # of the two kinds just asked for
    return None


def _checked(name: str) -> str:
    """Return a name that leads nowhere else.

    Raises:
        KeyError: it would.

    """
    if not _NAME.fullmatch(name):
        raise KeyError(name)
    return name


def _there(inputs: Any, pictures: Mapping[str, LoadedPicture]) -> InputKeys:
    return {
        str(role): tuple(key for key in keys if key in pictures)
        for role, keys in _mapping(inputs).items()
        if isinstance(keys, list)
    }


def _recipe(told: Any) -> Recipe | None:
    with suppress(RecipeError):
        return None if told is None else Recipe.from_json(json.dumps(told))
    return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


# -- what is kept unasked ----------------------------------------------------------------------------------------------


def kept_sessions(root: Path) -> tuple[KeptSession, ...]:
    """Return the sessions in `root`, a folder each, the one that was written last first."""
    found = []
    for file in root.glob(f"*/{_JSON}"):
        with suppress(SessionError, OSError, ValueError):
            content = _content(_Folder(file.parent), file.parent.name)
            saved = datetime.fromtimestamp(file.stat().st_mtime)
            kept = KeptSession(
                file.parent, content["task"], str(content.get("title", "")), saved, bool(content.get("running"))
            )
            found.append((file.stat().st_mtime_ns, kept))
    return tuple(kept for _, kept in sorted(found, key=lambda one: one[0], reverse=True))


def prune_sessions(root: Path, most: int = KEPT, limit: int = KEPT_BYTES) -> None:
    """Let the oldest go, so that at most so many are kept, and so many bytes; the newest stays whatever its size."""
    room = limit
    for place, kept in enumerate(kept_sessions(root)):
        room -= sum(file.stat().st_size for file in kept.path.rglob("*") if file.is_file())
        if place and (place >= most or room < 0):
            shutil.rmtree(kept.path, ignore_errors=True)
