"""What a list of runs says of each, found out without reading its whole log: the newest lines tell."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.failures import StudioError
from studio.training.run_folder import Heartbeat, RunFolder, RunPlan, RunState

__all__ = ["RunSummary", "summarise"]

_TAIL = 1 << 16


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run in a few words.

    `plan` is None where run.json cannot be read; `trouble` then says why, as it does for a run that failed. `total` is
    0 while nobody knows how many steps it will take. `changed` is when it was last written to (Unix seconds).
    """

    path: Path
    plan: RunPlan | None
    state: RunState
    step: int = 0
    total: int = 0
    images_per_second: float = 0.0
    pixels_per_second: float = 0.0
    """Over its last sitting, checks and samples included; 0 of one that does not say."""
    computer: str = ""
    """Where that was; "" of one that does not say."""
    changed: float = 0.0
    worker: Heartbeat | None = None
    has_model: bool = False
    sample: Path | None = None
    """The newest one."""
    trouble: str = ""

    @property
    def title(self) -> str:
        """What the artist calls it, or else its folder's name."""
        return (self.plan.title if self.plan else "") or self.path.name


def summarise(path: Path) -> RunSummary:
    """Look at the run in `path`; never raises, for one broken folder must not hide the others."""
    folder = RunFolder(path)
    try:
        plan = folder.read_plan()
    except StudioError as error:
        return RunSummary(path, None, "failed", trouble=error.cause)
    words = _newest_words(folder.events_file)
    return RunSummary(
        path=path,
        plan=plan,
        state=folder.state(words.state),
        step=words.step,
        total=words.total,
        images_per_second=words.images_per_second,
        pixels_per_second=words.pixels_per_second,
        computer=words.computer,
        changed=_changed(folder),
        worker=folder.heartbeat(),
        has_model=folder.model_file.is_file(),
        sample=_newest_sample(folder),
        trouble=words.trouble if words.state == "failed" else "",
    )


@dataclass(frozen=True, slots=True)
class _Words:
    state: RunState
    step: int
    total: int
    images_per_second: float
    pixels_per_second: float
    computer: str
    trouble: str


def _newest_words(events: Path) -> _Words:
    """Return what was logged last.

    Where the end of the log tells of no state at all, it is that of a run at work: every other state is a last word.
    """
    lines, whole = _tail_of(events)
    newest: dict[str, dict[str, Any]] = {}
    for line in reversed(lines):
        event = _event(line)
        newest.setdefault(str(event.get("type")), event)
        if event.get("type") in ("pace", "extended"):
            newest.setdefault("total", event)
        if "step" in event:
            newest.setdefault("any", event)
        if "pace" in newest and "state" in newest:
            break
    state, pace = newest.get("state", {}), newest.get("pace", {})
    return _Words(
        state=state.get("state") or ("new" if whole else "running"),
        step=int(_number(newest.get("any", {}).get("step"))),
        total=int(_number(newest.get("total", {}).get("total"))),
        images_per_second=_number(pace.get("images_per_second")),
        pixels_per_second=_number(pace.get("pixels")) / (_number(pace.get("seconds")) or 1.0),
        computer=str(pace.get("computer") or ""),
        trouble=str(state.get("cause") or state.get("message") or ""),
    )


def _tail_of(path: Path) -> tuple[list[bytes], bool]:
    """Return the last lines, and whether these are all."""
    with suppress(OSError), path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        return file.read().split(b"\n"), size <= _TAIL
    return [], True


def _event(line: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict):
            return event
    return {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _newest_sample(folder: RunFolder) -> Path | None:
    with suppress(OSError), os.scandir(folder.samples) as files:
        names = [file.name for file in files if file.name.endswith(".png")]
        return folder.samples / max(names) if names else None  # named by their steps, with leading zeros
    return None


def _changed(folder: RunFolder) -> float:
    for file in (folder.events_file, folder.plan_file):
        with suppress(OSError):
            return file.stat().st_mtime
    return 0.0
