"""The settings in force, and what was changed while a run went on: a resumed run makes each change at the same step.

A change is on the disk (course.json) before it takes effect: whatever checkpoint the run goes on from, it is met again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from studio.core.atomic import write_file
from studio.core.failures import StudioError
from studio.core.settings import describe
from studio.training.schedule import StepConfig
from studio.training.settings import TrainingSettings

__all__ = ["Change", "ChangeLog", "InForce", "LiveSettings"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in force from `step` (steps done) on.

    Args:
        step: how many steps were done before it.
        settings: new values of settings, by name.
        rate_factor: a factor of the learning rate, on top of all earlier ones: ½ after a divergence.
        micro_batches: into how many a step's batch is divided from now on; None leaves that.

    """

    step: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    rate_factor: float = 1.0
    micro_batches: int | None = None

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Self:
        """Return what `to_json` was taken of."""
        return cls(table["step"], table["settings"], table["caution"], table["parts"])

    def to_json(self) -> dict[str, Any]:
        """Return it as course.json has it."""
        settings = dict(self.settings)
        return {"step": self.step, "settings": settings, "caution": self.rate_factor, "parts": self.micro_batches}


@dataclass(frozen=True, slots=True)
class InForce:
    """All changes up to some step taken together."""

    settings: Mapping[str, Any]
    rate_factor: float
    micro_batches: int | None


class ChangeLog:
    """The changes of one run, in the order of their steps.

    Args:
        file: where they are kept; None keeps none (another process does).
        changes: those there are.

    """

    def __init__(self, file: Path | None, changes: Iterable[Change] = ()) -> None:
        self.file = file
        self.changes = list(changes)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Return the changes in `file`; an empty one where there is none."""
        try:
            table = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls(file)
        return cls(file, map(Change.from_json, table["changes"]))

    @property
    def divergences(self) -> int:
        """How often the run had to go back and learn more slowly."""
        return sum(change.rate_factor < 1 for change in self.changes)

    def add(self, change: Change) -> None:
        """Write down a change, behind others of the same step.

        Raises:
            WriteError: it could not be kept, and so does not happen.

        """
        changes = sorted([*self.changes, change], key=lambda one: one.step)
        if self.file is not None:
            table = {"format": 1, "changes": [one.to_json() for one in changes]}
            write_file(self.file, json.dumps(table, indent=1).encode())
        self.changes = changes

    def at(self, step: int) -> InForce:
        """Return what holds after `step` steps."""
        settings: dict[str, Any] = {}
        rate_factor, micro_batches = 1.0, None
        for change in self.changes:
            if change.step > step:
                break
            settings.update(change.settings)
            rate_factor *= change.rate_factor
            micro_batches = change.micro_batches if change.micro_batches is not None else micro_batches
        return InForce(settings, rate_factor, micro_batches)


class LiveSettings:
    """Says at each step which settings hold, at which rate it learns, and into how many micro-batches it is divided.

    Args:
        planned: the plan's settings.
        change_log: what was changed in mid-run.

    """

    def __init__(self, planned: TrainingSettings, change_log: ChangeLog) -> None:
        self.planned = planned
        self.change_log = change_log
        self.settings = planned
        steerable = [info for info in describe(type(planned)) if info.effect == "steer"]
        self._steerable = {info.name for info in steerable}
        self._automatic = {info.name: info for info in steerable if info.lowest == "automatic"}

    def change(self, step: int, values: Mapping[str, Any]) -> None:
        """Change settings from `step` on.

        Raises:
            StudioError: a value is impossible, or cannot change in mid-run.
            WriteError: the change could not be kept, and so does not happen.

        """
        fixed = sorted(values.keys() - self._steerable)
        if fixed:
            raise StudioError(
                f"{', '.join(fixed)} cannot change while the run goes on.", "Pause it, change the plan, and resume."
            )
        for name, info in self._automatic.items():
            if values.get(name) == info.low:
                raise StudioError(f"“{info.label}” is chosen before a run begins.", "Give it a number from here on.")
        self._with({**self.change_log.at(step).settings, **values})
        self.change_log.add(Change(step, settings=dict(values)))

    def follow(self, step: int) -> Mapping[str, Any]:
        """Set the settings to what holds after `step` steps; return those that differ from before."""
        before, self.settings = self.settings, self._with(self.change_log.at(step).settings)
        plain = self.settings.model_dump(mode="json")
        return {name: plain[name] for name, new in self.settings if new != getattr(before, name)}

    def restore(self, steered: Mapping[str, Any]) -> None:
        """Set the settings to what a checkpoint was trained with."""
        self.settings = self._with({name: value for name, value in steered.items() if name in self._steerable})

    def steered(self) -> dict[str, Any]:
        """Return the settings that may change, as they are."""
        return {name: value for name, value in self.settings.model_dump(mode="json").items() if name in self._steerable}

    def rate(self, config: StepConfig) -> float:
        """Return the learning rate: the schedule's, times the user's factor, times what divergences have taught."""
        rate_factor = self.change_log.at(config.step).rate_factor
        return config.learning_rate * self.settings.learning_rate_factor * rate_factor

    def micro_batches(self, step: int) -> int:
        """Return into how many micro-batches the batch of the step after `step` is divided (gradient accumulation)."""
        return self.change_log.at(step).micro_batches or self.planned.accumulate

    def _with(self, values: Mapping[str, Any]) -> TrainingSettings:
        try:
            return type(self.planned).model_validate({**self.planned.model_dump(), **values})
        except ValidationError as error:
            first = error.errors()[0]
            raise StudioError(
                f"“{'.'.join(map(str, first['loc']))}” cannot be that ({first['msg']}).", "Choose another value."
            ) from error
