"""What a panel holds, as it goes into a session's files and as it comes out of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.core.events import Picture
from studio.core.images import LoadedPicture
from studio.core.picture_task import CONTENT, PAINTED, PictureTask
from studio.core.resizing import to_8_bits
from studio.core.saved_session import InputKeys, SavedFrame, SavedSession
from studio.core.settings import Settings
from studio.jobs.picture_recipes import told
from studio.jobs.sessions import OpenedMask, OpenedSession
from studio.ui.picture.history import NUMBERS, History, HistoryState, Made
from studio.ui.picture.inputs import InputPictures
from studio.ui.picture.undo import Snapshot

__all__ = ["saved_of", "snapshot_of", "title_of"]


def title_of(inputs: InputPictures) -> str:
    """Return what a session is called: by its pictures; "" without any."""
    named = (many for role, many in inputs.items() if role not in PAINTED)
    first, *others = [Path(one.picture.name).stem for many in named for one in many] or [""]
    return f"{first} · {', '.join(others)}" if others else first


def saved_of(
    task: PictureTask, now: Snapshot, masks: Sequence[OpenedMask], *, key: str, preview: Picture | None, running: bool,
    travels: bool,
) -> SavedSession:  # fmt: skip
    """Return a snapshot as it goes into files.

    Args:
        task: what the panel does. What it makes `at_once` is left out: it is made again in a moment.
        now: everything there is; there is a photo, unless the task takes none.
        masks: the list of them, and what is painted on them.
        key: names the layer: another one has another key.
        preview: a small version of the picture; None where the photo has to do.
        running: the picture is being made.
        travels: it may be read elsewhere: networks are called by their names, not by where they lie.

    """
    pictures: dict[str, LoadedPicture] = {}

    def keys_of(inputs: InputPictures) -> InputKeys:
        for opened in (one for many in inputs.values() for one in many):
            pictures[opened.picture.sha256] = opened.picture
        return {role: tuple(one.picture.sha256 for one in many) for role, many in inputs.items()}

    def plain(settings: Settings) -> Mapping[str, Any]:
        return told(settings) if travels else settings.model_dump(mode="json")

    layer, as_saved = (None, None) if task.at_once else (now.made.layer, now.made.as_saved)
    if as_saved is not None:
        pictures[as_saved.picture.sha256] = as_saved.picture
    pictures |= {mask.saved.picture: mask.picture.picture for mask in masks if mask.picture is not None}
    nothing_made = layer is None and as_saved is None
    of_photo = task.has_photo and (preview is None or nothing_made)
    small = now.inputs[CONTENT][0].thumbnail if of_photo else preview
    frames = [
        SavedFrame(
            frame.key, frame.layer, frame.thumbnail, frame.recipe, plain(frame.settings), keys_of(frame.inputs),
            {name: getattr(frame, name) for name in NUMBERS},
        )
        for frame in now.history.frames
    ]  # fmt: skip
    return SavedSession(
        task.name, title_of(now.inputs) or task.title, plain(now.settings), pictures, keys_of(now.inputs), running, key,
        layer, now.made.recipe, keys_of(now.made.inputs), "" if as_saved is None else as_saved.picture.sha256, frames,
        small, [mask.saved for mask in masks],
    )  # fmt: skip


def snapshot_of(opened: OpenedSession) -> Snapshot:
    """Return what a panel shows of a session; the strip ends with the picture, whether it was a frame or not."""
    history = History.of(
        HistoryState(
            layer=frame.saved.layer, thumbnail=frame.saved.thumbnail, settings=frame.settings,
            recipe=frame.saved.recipe, inputs=frame.inputs, key=frame.saved.key,
            **{name: frame.saved.numbers[name] for name in NUMBERS if name in frame.saved.numbers},
        )
        for frame in opened.frames
    )  # fmt: skip
    last = opened.last
    if last is not None:
        history.add(to_8_bits(last.layer), last.thumbnail, last.step, last.settings, last.recipe, opened.made_from)
    made = Made(opened.layer, opened.recipe, opened.made_from, opened.as_saved)
    return Snapshot(opened.inputs, opened.settings, made, history)
