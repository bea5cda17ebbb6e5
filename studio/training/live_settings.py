"""The settings in force: those of the plan, and what was steered since."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from studio.core.failures import StudioError
from studio.core.settings import describe
from studio.training.change_log import Change, ChangeLog
from studio.training.schedule import StepConfig
from studio.training.settings import TrainingSettings

__all__ = ["LiveSettings"]


class LiveSettings:
    """Says at each step which settings hold, how cautiously it learns, and into how many parts a step is divided.

    Args:
        planned: the plan's settings.
        change_log: what was changed in mid-run.

    """

    def __init__(self, planned: TrainingSettings, change_log: ChangeLog) -> None:
        self.planned = planned
        self.change_log = change_log
        self.settings = planned
        self._steerable = {info.name for info in describe(type(planned)) if info.effect == "steer"}

    def order(self, step: int, values: Mapping[str, Any]) -> None:
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
        self._with({**self.change_log.at(step).settings, **values})
        self.change_log.add(Change(step, settings=dict(values)))

    def follow(self, step: int) -> Mapping[str, Any]:
        """Set the settings to what holds after `step` steps; return those that differ from before."""
        before, self.settings = self.settings, self._with(self.change_log.at(step).settings)
        return {name: new for name, new in self.settings if new != getattr(before, name)}

    def take_up(self, steered: Mapping[str, Any]) -> None:
        """Set the settings to what a checkpoint was trained with."""
        self.settings = self._with({name: value for name, value in steered.items() if name in self._steerable})

    def steered(self) -> dict[str, Any]:
        """Return the settings that may change, as they are."""
        return {name: value for name, value in self.settings.model_dump(mode="json").items() if name in self._steerable}

    def rate(self, config: StepConfig) -> float:
        """Return the learning rate: the schedule's, times the user's factor, times what setbacks have taught."""
        caution = self.change_log.at(config.step).caution
        return config.learning_rate * self.settings.learning_rate_factor * caution

    def parts(self, step: int) -> int:
        """Return into how many parts the batch of the step after `step` is divided."""
        return self.change_log.at(step).parts or self.planned.accumulate

    def _with(self, values: Mapping[str, Any]) -> TrainingSettings:
        try:
            return type(self.planned).model_validate({**self.planned.model_dump(), **values})
        except ValidationError as error:
            first = error.errors()[0]
            raise StudioError(
                f"“{'.'.join(map(str, first['loc']))}” cannot be that ({first['msg']}).", "Choose another value."
            ) from error
