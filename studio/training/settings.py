"""What every training run can be set to; each task adds its own. Free of torch, so that the form shows first."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from studio.core.recipes import name_in_recipes
from studio.core.settings import Settings, setting

__all__ = ["Coursed", "TrainingSettings"]

_LENGTH = "Length"
_DATA = "Data"
_CARE = "Averaging and care"
_MACHINE = "This computer"

_LOOKS = 10
"""So often a run is measured and sampled at least, where its settings leave that to the studio."""
_MOST_BETWEEN_CHECKS, _MOST_BETWEEN_SAMPLES = 250, 100
"""Steps, however long the run."""


class TrainingSettings(Settings):
    """The settings that all tasks share. Those with `effect="steer"` may change while the run goes on.

    `batch` counts the pictures of one optimiser step, over all processes and however many are held in memory at once.
    The schedule (phases, rates, momentum) is a value of its own: `studio.training.schedule`.
    """

    leading: ClassVar[tuple[str, ...]] = ("", _LENGTH, "Network", _DATA, "Variety", _CARE, _MACHINE)

    size: int = setting(
        160, label="Picture size", help="Side of the squares it learns on; larger shows more, and takes longer.",
        term="training resolution", low=16, high=1024, step=16, unit="px", group=_LENGTH)  # fmt: skip
    batch: int = setting(
        4, label="Pictures a step", help="More make each step steadier, and slower.",
        term="effective batch size", low=1, high=1024, step=1, group=_LENGTH)  # fmt: skip
    steps: int = setting(
        0, label="Stop after", help="Ends the run early, whatever the schedule says; 0 follows the schedule.",
        term="maximum number of optimiser steps", low=0, high=10_000_000, step=100, unit="steps",
        lowest="never", group=_LENGTH)  # fmt: skip
    stop_after_stale: int = setting(
        0, label="Patience", help="Ends the run when so many checks in a row brought nothing better; 0 never does.",
        term="early stopping: validations without improvement", low=0, high=1000, step=1, unit="checks",
        lowest="endless", group=_LENGTH)  # fmt: skip
    seed: int = setting(
        0, label="Seed", help="Another number, another course.", term="random seed",
        low=0, high=2**31 - 1, step=1, group=_LENGTH)  # fmt: skip

    share: int = setting(
        100, label="Share of the data", help="Less than all of it, to try things out quickly.",
        term="share of the data, of every class as large a part, drawn by the seed", low=1, high=100, step=5, unit="%",
        group=_DATA)  # fmt: skip
    split: bool = setting(
        True, label="Heed train and test folders",
        help="Learns from a folder called train, and is checked on valid or test beside it, where there are such.",
        term="predefined split: folders train and valid or test; idx files train and t10k", group=_DATA)  # fmt: skip

    fair_check: bool = setting(
        True, label="Fair checking", help="Asks of every class that has two pictures, and never checks on a lookalike "
        "of what was learnt. Where folders divide the data, they decide.",
        term="stratified, grouped split: near duplicates stay on one side", group=_DATA)  # fmt: skip

    learning_rate_factor: float = setting(
        1.0, label="Pace", help="Learns faster or more carefully from now on: multiplies the schedule's rate.",
        term="learning rate factor", low=0.01, high=10.0, step=0.05, effect="steer", scale="log")  # fmt: skip

    average: Literal["none", "ema", "swa"] = setting(
        "ema", label="Averaging", help="The shown network is an average over the last steps: calmer, mostly better.",
        term="weight averaging: exponential (EMA) or stochastic (SWA, Izmailov et al. 2018)", group=_CARE,
        choices={"none": "None", "ema": "Moving average", "swa": "Average of the end"})  # fmt: skip
    ema_decay: float = setting(
        0.999, label="Memory of the average", help="Nearer to 1 averages over more steps.",
        term="EMA decay a step", low=0.5, high=0.99999, step=0.001, group=_CARE)  # fmt: skip
    swa_start: float = setting(
        0.75, label="Averaging begins", help="From which part of the run on the end is averaged.",
        term="SWA start, share of all steps", low=0.0, high=0.99, step=0.05, group=_CARE)  # fmt: skip
    clip_norm: float = setting(
        0.0, label="Longest step", help="Shortens gradients that are longer than this; 0 leaves them.",
        term="gradient clipping by global norm", low=0.0, high=1000.0, step=0.5, lowest="any",
        group=_CARE)  # fmt: skip
    sample_every: int = setting(
        0, label="A sample every", help="How often it shows what it can; automatic: at least ten times a run.",
        term="steps between samples; automatic: a tenth of the run, at most 100",
        low=0, high=100_000, step=10, unit="steps", lowest="automatic", group=_CARE)  # fmt: skip
    validate_every: int = setting(
        0, label="A check every",
        help="How often it is measured on pictures it does not learn from; automatic: at least ten times a run.",
        term="steps between validations; automatic: a tenth of the run, at most 250",
        low=0, high=100_000, step=10, unit="steps", lowest="automatic", group=_CARE)  # fmt: skip

    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto", label="Number format", help="Half precision is faster on graphics cards that know it.",
        term="mixed precision; auto: bf16 on CUDA devices that have it, else fp32", group=_MACHINE,
        choices={"auto": "Automatic", "fp32": "Full (fp32)", "bf16": "Half (bf16)", "fp16": "Half (fp16)"})  # fmt: skip
    accumulate: int = setting(
        1, label="Parts a step", help="Splits each step into parts, so that it fits into less memory.",
        term="gradient accumulation", low=1, high=256, step=1, group=_MACHINE)  # fmt: skip
    workers: int = setting(
        -1, label="Helpers", help="Processes that prepare pictures; -1 chooses, 0 does without.",
        term="data loader workers", low=-1, high=64, step=1, lowest="automatic", group=_MACHINE)  # fmt: skip
    checkpoint_minutes: float = setting(
        5.0, label="Saves at least every", help="It also waits until saving costs under 2 % of the time.",
        term="longest time between checkpoints", low=0.01, high=240.0, step=1.0, unit="min",
        group=_MACHINE)  # fmt: skip

    def looks(self, steps: int) -> tuple[int, int]:
        """Return after how many steps a run of so many is measured each time, and after how many it is sampled."""
        often = max(1, steps // _LOOKS)
        return (
            self.validate_every or min(_MOST_BETWEEN_CHECKS, often),
            self.sample_every or min(_MOST_BETWEEN_SAMPLES, often),
        )

    def tries(self, steps: int) -> tuple[int, int]:
        """Return how many values a run of `steps` steps tries before it begins, and for how many steps each of them."""
        return 0, 0

    def to_metadata(self) -> str:
        """Return them as JSON for the header of what is exported: of a file only the name, for others may read it."""
        told = {name: name_in_recipes(value) if isinstance(value, str) else value
                for name, value in self.model_dump(mode="json").items()}  # fmt: skip
        return json.dumps(told, ensure_ascii=False)


class Coursed(TrainingSettings):
    """Settings of which one, `course`, decides others where nobody has set them.

    `courses` says what each course sets.
    """

    courses: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    @model_validator(mode="before")
    @classmethod
    def _as_its_course(cls, given: Any) -> Any:
        """Let a course decide what nobody has set."""
        if not isinstance(given, Mapping):
            return given
        course = given.get("course", cls.model_fields["course"].default)
        return {**cls.courses.get(course, {}), **given}

    def moved(self, name: str, value: Any) -> Self:
        """Let another course bring what it decides, and take back what the last one did."""
        if name != "course":
            return super().moved(name, value)
        before: str = self.model_dump()["course"]
        decided = {*self.courses.get(before, {}), *self.courses.get(value, {})}
        return type(self).model_validate(self.model_dump(exclude=decided) | {"course": value})
