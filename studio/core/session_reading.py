"""A session back from its files, of this version or an older one: what is not known or not there is passed over."""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio.core.events import DeepPicture, Picture
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture, load_bytes, load_picture
from studio.core.picture_task import CONTENT
from studio.core.picture_tasks import picture_task_named
from studio.core.recipes import Recipe, RecipeError
from studio.core.resizing import to_8_bits
from studio.core.saved_session import InputKeys, SavedFrame, SavedMask, SavedSession, SessionError
from studio.core.session_files import FORMAT, PREVIEW, SESSION_JSON, SessionFolder, SessionPlace, SessionZip, listed

__all__ = ["content_of", "read_masks", "read_session"]

_TEXTS, _MARKS = ("name", "picture", "role"), ("shown", "colours")
_KEY = re.compile(r"[0-9a-f]{8,64}")
_NAME = re.compile(r"preview\.png|(inputs|frames|pictures)/[0-9a-f]{8,64}(\.small)?\.[a-z0-9]{1,7}")


def read_session(path: Path) -> SavedSession:
    """Open what `write_session` or `pack_session` wrote, by this version or an older one.

    Raises:
        SessionError: it is no session, damaged, of a newer version, or its photo is not there any more.

    """
    with _opened(path) as place:
        return _read(place, path)


@contextmanager
def _opened(path: Path) -> Iterator[SessionPlace]:
    if path.is_dir():
        yield SessionFolder(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield SessionZip(archive)
    except (zipfile.BadZipFile, OSError) as error:
        raise SessionError(
            f"“{path.name}” cannot be opened as a session ({error}).", "Check the file, or open another one."
        ) from error


def _read(place: SessionPlace, path: Path) -> SavedSession:
    content = content_of(place, path.name)
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
        preview=None if (preview := _pixels(place, PREVIEW)) is None else to_8_bits(preview),
        masks=_masks(content, pictures),
    )


def read_masks(path: Path) -> tuple[tuple[SavedMask, ...], Mapping[str, LoadedPicture]]:
    """Return the masks of a session and what is painted on them, without reading anything else.

    Raises:
        SessionError: see `read_session`.

    """
    with _opened(path) as place:
        content = content_of(place, path.name)
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


def content_of(place: SessionPlace, name: str) -> dict[str, Any]:
    """Return session.json, understood as far as its format goes."""
    try:
        content = json.loads(place.read(SESSION_JSON))
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


def _picture(place: SessionPlace, told: Mapping[str, Any], path: Path) -> LoadedPicture:
    file, name = _checked(str(told["file"])), str(told["name"])
    original = Path(str(told.get("path", "")))
    if isinstance(place, SessionFolder):
        loaded = load_picture(place.root / file)
        return replace(loaded, name=name, path=original if original.is_absolute() else loaded.path)
    return load_bytes(place.read(file), name)


def _frame(place: SessionPlace, told: Mapping[str, Any], pictures: Mapping[str, LoadedPicture]) -> SavedFrame | None:
    key = str(told.get("key", ""))
    recipe = _recipe(told.get("recipe"))
    if not _KEY.fullmatch(key) or recipe is None:
        return None
    layer, small = (_pixels(place, f"frames/{key}{kind}") for kind in (".png", ".small.png"))
    inputs = _mapping(told.get("inputs"))
    there = _there(inputs, pictures)
    if layer is None or small is None or listed(there) != inputs:
        return None
    apart = {"key", "inputs", "settings", "recipe"}
    numbers = {name: value for name, value in told.items() if name not in apart}
    if not all(isinstance(numbers.get(name), int) for name in ("number", "step")):
        return None
    return SavedFrame(key, to_8_bits(layer), to_8_bits(small), recipe, _mapping(told.get("settings")), there, numbers)


def _pixels(place: SessionPlace, name: str) -> Picture | DeepPicture | None:
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
