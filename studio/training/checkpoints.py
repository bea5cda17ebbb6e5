"""Where a run can go on from: checkpoints that are whole or not there, and that prove it by their checksum.

checkpoints/step-00001200.ckpt    tensors and plain values (torch.save, read with weights_only=True)
checkpoints/step-00001200.json    its sha256, step, size; whether it is pinned or the best; written after it

A checkpoint without its slip of paper was being written when the process died: it does not count.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch
from torch import Tensor

from studio.core.atomic import WriteError, write_error, write_file, written_in_pieces
from studio.core.failures import StudioError, is_out_of_memory

__all__ = ["Checkpoint", "CheckpointClock", "Checkpoints", "size_of"]

_SPARE = 64 << 20
"""Bytes that shall stay free on the disk after a checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of one checkpoint without opening it.

    `best`: no validation was better up to then. `abandoned`: the run went back behind it; it is kept only because
    somebody pinned it, and nothing goes on from it.
    """

    step: int
    sha256: str
    bytes: int
    at: float
    pinned: bool = False
    best: bool = False
    abandoned: bool = False
    note: str = ""


class Checkpoints:
    """The checkpoints of one run: the last few, the best, and those that were pinned.

    Args:
        folder: made when the first one is written.
        keep: how many of the last ones.

    """

    def __init__(self, folder: Path, keep: int = 3) -> None:
        self._folder = folder
        self._keep = keep

    def file_of(self, step: int) -> Path:
        """Return where the checkpoint of `step` lies."""
        return self._folder / f"step-{step:08d}.ckpt"

    def all(self) -> tuple[Checkpoint, ...]:
        """Return the checkpoints that were completely written, by step."""
        slips = sorted(self._folder.glob("step-*.json"))
        found = (self._read_slip(path) for path in slips)
        return tuple(one for one in found if one is not None and self.file_of(one.step).exists())

    def save(
        self, step: int, state: Mapping[str, Any], *, best: bool = False, pinned: bool = False, note: str = ""
    ) -> Checkpoint:
        """Write the checkpoint of `step`, then let go of those no longer kept.

        Raises:
            WriteError: there is no room for it, or the disk does not take it; the others are untouched.
            StudioError: the run's folder is gone.

        """
        path = self.file_of(step)
        try:
            self._folder.mkdir(exist_ok=True)
            self._check_room(size_of(state))
            self._slip_of(step).unlink(missing_ok=True)  # an older file of this step is no longer vouched for
        except OSError as error:
            if not self._folder.parent.is_dir():
                raise StudioError(
                    f"The run's folder is not there any more ({self._folder.parent}).",
                    "Put it back where it was and resume the run, or begin a new one.",
                ) from error
            raise write_error(path, error) from error
        with written_in_pieces(path) as file:
            hashing = _HashingWriter(file)
            torch.save(dict(state), cast(BinaryIO, hashing))
        written = Checkpoint(step, hashing.hexdigest(), hashing.written, time.time(), pinned, best, note=note)
        self._write_slip(written)
        self._prune()
        return written

    def read(self, checkpoint: Checkpoint) -> dict[str, Any] | None:
        """Return a checkpoint's content, on the CPU; None where it is damaged."""
        path = self.file_of(checkpoint.step)
        try:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != checkpoint.sha256:
                    return None
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # broken bytes trip torch into anything
            if is_out_of_memory(error):
                raise
            return None
        return state

    def newest_good(self, until: int | None = None) -> tuple[Checkpoint | None, dict[str, Any], list[Path]]:
        """Return the newest whole checkpoint and its content, and the files of newer ones that are damaged.

        Args:
            until: only those of at most this step.

        """
        damaged: list[Path] = []
        for checkpoint in reversed(self.all()):
            if checkpoint.abandoned or (until is not None and checkpoint.step > until):
                continue
            state = self.read(checkpoint)
            if state is not None:
                return checkpoint, state, damaged
            damaged.append(self.file_of(checkpoint.step))
        return None, {}, damaged

    def good_best(self, step: int) -> tuple[Checkpoint | None, dict[str, Any]]:
        """Return the checkpoint of `step` and its content, if it is whole and was the best."""
        best = next((one for one in self.all() if one.step == step and one.best and not one.abandoned), None)
        state = self.read(best) if best is not None else None
        return (best, state) if state is not None else (None, {})

    def mark(self, step: int, *, best: bool = False, pinned: bool = False, note: str = "") -> None:
        """Add marks to the checkpoint of `step`, where there is one: a pinned one is never let go of.

        Raises:
            WriteError: that could not be written down.

        """
        slip = self._read_slip(self._slip_of(step))
        if slip is not None:
            marked = replace(slip, best=slip.best or best, pinned=slip.pinned or pinned, note=note or slip.note)
            if marked != slip:
                self._write_slip(marked)

    def abandon_after(self, step: int) -> None:
        """The run goes on from `step` (−1: it begins anew): what lies behind it is another course."""
        for checkpoint in self.all():
            if checkpoint.step > step:
                if checkpoint.pinned:
                    self._write_slip(replace(checkpoint, abandoned=True, best=False))
                else:
                    self._remove(checkpoint.step)

    def tidy(self) -> None:
        """Remove what a killed process left behind: begun files, and checkpoints whose slip was never written."""
        for path in self._folder.glob(".*.part"):
            path.unlink(missing_ok=True)
        slips = {path.stem for path in self._folder.glob("step-*.json")}
        for path in self._folder.glob("step-*.ckpt"):
            if path.stem not in slips:
                path.unlink(missing_ok=True)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _prune(self) -> None:
        present = self.all()
        last = {one.step for one in [one for one in present if not one.abandoned][-self._keep :]}
        best = max((one.step for one in present if one.best), default=None)
        for checkpoint in present:
            if checkpoint.step not in last and checkpoint.step != best and not checkpoint.pinned:
                self._remove(checkpoint.step)

    def _remove(self, step: int) -> None:
        with suppress(OSError):
            self._slip_of(step).unlink(missing_ok=True)  # first: without it the other is known to be nothing
            self.file_of(step).unlink(missing_ok=True)

    def _check_room(self, needed: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < needed + _SPARE:
            raise WriteError(
                f"There is no room for a checkpoint: it takes {needed >> 20} MB, and {free >> 20} MB are free "
                f"({self._folder}).",
                "Free some space on that disk; the run then goes on from its last checkpoint.",
            )

    def _slip_of(self, step: int) -> Path:
        return self.file_of(step).with_suffix(".json")

    def _write_slip(self, checkpoint: Checkpoint) -> None:
        write_file(self._slip_of(checkpoint.step), json.dumps(asdict(checkpoint), indent=1).encode())

    def _read_slip(self, path: Path) -> Checkpoint | None:
        try:
            return Checkpoint(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


class CheckpointClock:
    """Says when a checkpoint is due: not before `interval` seconds, nor before it costs at most `share` of the time.

    Args:
        interval: seconds between two checkpoints.
        share: the part of the run's time that they may take.

    """

    def __init__(self, interval: float, share: float = 0.02) -> None:
        self._interval = interval
        self._share = share
        self._cost = 0.0
        self._spent = 0.0
        self._began = self._saved = time.monotonic()

    def due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self._saved >= max(self._interval, self._cost / self._share)

    def affordable(self) -> bool:
        """Whether one more would stay within the share of all time so far: for one that is worth keeping."""
        return self._spent + self._cost <= self._share * (time.monotonic() - self._began)

    def took(self, seconds: float) -> None:
        """Take note of what a checkpoint cost."""
        self._cost = seconds
        self._spent += seconds
        self._saved = time.monotonic()


class _HashingWriter:
    """A file that also hashes what it is given: torch writes from beginning to end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.written = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self.written += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def size_of(state: Any) -> int:
    """Return the bytes of all tensors in a state, however deep."""
    if isinstance(state, Tensor):
        return state.nbytes
    if isinstance(state, Mapping):
        return sum(size_of(part) for part in state.values())
    return sum(size_of(part) for part in state) if isinstance(state, list | tuple) else 0
