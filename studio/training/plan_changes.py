"""Compares what a checkpoint was trained for with what is wanted now, and names each difference in the user's words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from studio import __version__
from studio.core.checksums import sha256_of
from studio.core.failures import StudioError
from studio.core.settings import describe
from studio.training.run_folder import RunChangedError, RunPlan, defaults_of_0_1
from studio.training.schedule import Schedule
from studio.training.settings import TrainingSettings

__all__ = ["changes_between", "check_changes", "identity_of"]

_HARMLESS = {"workers", "checkpoint_minutes", "sample_every"}
"""Settings that change nothing about what is learnt."""
_TELLING = {"validate_every"}
"""Nor do these, unless a check may end the run."""


def identity_of(plan: RunPlan, settings: TrainingSettings, data: str | Mapping[str, str]) -> dict[str, Any]:
    """Return what decides how a run goes, as plain values: kept in its checkpoints.

    Args:
        plan: of the run.
        settings: as the plan has them.
        data: the examples' fingerprint; where there are several, by the name of what they are of.

    """
    return {
        "task": plan.task,
        "settings": settings.model_dump(mode="json"),
        "schedule": _without_paths(plan.schedule).model_dump(mode="json"),
        "extended": list(plan.extended),
        "inputs": {name: _sha256(Path(path)) for name, path in sorted(plan.inputs.items())},
        "data": data,
        "versions": {"atelier": __version__, "torch": str(torch.__version__)},
    }


def changes_between(before: Mapping[str, Any], now: Mapping[str, Any], settings: type[TrainingSettings]) -> list[str]:
    """Return every difference between two identities that makes another course of the run."""
    found = []
    if before["task"] != now["task"]:
        found.append(f"the kind of training ({before['task']} → {now['task']})")
    if isinstance(before["data"], Mapping) and isinstance(now["data"], Mapping):
        known, here = before["data"], now["data"]
        found += [f"the pictures it learns from ({name})" for name in here if known.get(name) != here[name]]
    elif before["data"] != now["data"]:
        found.append("the pictures it learns from")
    extended = now.get("extended", []) != before.get("extended", [])
    known_phases, phases = (Schedule.model_validate(one["schedule"]).phases for one in (before, now))
    if known_phases != (phases[: len(known_phases)] if extended else phases):
        found.append("the schedule")
    names = before["inputs"].keys() | now["inputs"].keys()
    found += [f"the {name}" for name in sorted(names) if before["inputs"].get(name) != now["inputs"].get(name)]
    known_settings = {**defaults_of_0_1(before["task"]), **before["settings"]}
    for info in describe(settings):
        old, new = known_settings.get(info.name, info.default), now["settings"].get(info.name, info.default)
        if old != new and not _is_harmless(info.name, now["settings"], extended=extended):
            found.append(f"“{info.label}” ({old} → {new})")
    return found


def check_changes(changes: list[str], *, accepted: bool) -> None:
    """Let the user decide about changes.

    Raises:
        RunChangedError: there are some, and nobody said that they are wanted.

    """
    if changes and not accepted:
        raise RunChangedError(
            f"Since this run was last worked on, something has changed: {', '.join(changes)}.",
            "Change it back for an exact continuation, or go on with the change accepted (--accept-changes).",
        )


def _without_paths(schedule: Schedule) -> Schedule:
    """Say of each phase only which of the data sets it learns from: what these hold is told by their fingerprints."""
    numbered = (
        phase.model_copy(update={"data": dict.fromkeys(phase.data, (str(schedule.data_sets.index(phase.data)),))})
        for phase in schedule.phases
    )
    return Schedule(phases=tuple(numbered))


def _is_harmless(name: str, settings: Mapping[str, Any], *, extended: bool) -> bool:
    """Tell whether another value of a setting makes no other course.

    Training for longer makes none, unless the average's beginning depends on the length and nobody asked for more.
    """
    if name == "steps":
        return extended or settings.get("average") != "swa"
    return name in _HARMLESS or (name in _TELLING and not settings.get("stop_after_stale"))


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except StudioError:
        return ""
