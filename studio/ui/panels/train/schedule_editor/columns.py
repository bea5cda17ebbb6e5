"""The table's columns: how each number of a phase is written, read back and explained; free of Qt."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.file_names import expanded, is_there
from studio.training.schedule import DATA, DEFAULT_MOMENTUM, Phase, Ramp, Schedule, Timeline
from studio.training.schedule_presets import OPTIMISERS
from studio.ui.controls.number_box import number_text, read_number
from studio.ui.panels.train.schedule_editor import edits
from studio.ui.panels.train.schedule_editor.edits import CurveName, EndName

SHAPES = {
    "none": "steady", "linear": "straight", "cosine": "soft", "exponential": "halving", "polynomial": "power",
}  # fmt: skip
"""Decays in an artist's words."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        key: its name in code.
        title: over the column.
        help: the tooltip: what it does, and the technical term.
        text: what stands in the cell of phase i, and is typed there.
        shown: what stands there where that is shorter than what is typed.
        write: the schedule with the cell's text changed; raises ValueError with a sentence.
        choices: value → words, where one chooses instead of typing.
        value: the chosen value, for columns with choices.
        inherited: whether the cell repeats what is said elsewhere (the run's settings, a steady start).
        more: only shown when asked for.
        fixed_once_begun: cannot change in the phase that is being trained.
        width: in px, at least.

    """

    key: str
    title: str
    help: str
    text: Callable[[Timeline, int], str]
    write: Callable[[Timeline, int, str], Schedule]
    choices: Mapping[str, str] = field(default_factory=dict)
    value: Callable[[Phase], str] = lambda phase: ""
    inherited: Callable[[Phase], bool] = lambda phase: False
    more: bool = False
    fixed_once_begun: bool = False
    width: int = 72
    shown: Callable[[Timeline, int], str] | None = None


def _field(key: str) -> Callable[[Timeline, int], Any]:
    return lambda timeline, index: getattr(timeline.schedule.phases[index], key)


def _change(key: str, read: Callable[[str], Any]) -> Callable[[Timeline, int, str], Schedule]:
    return lambda timeline, index, text: edits.change_phase(timeline.schedule, index, **{key: read(text)})


def _ramp(timeline: Timeline, index: int, curve: CurveName) -> Ramp:
    ramp: Ramp = getattr(timeline.schedule.phases[index], curve)
    return ramp


def _end_column(curve: CurveName, end: EndName, title: str, help: str, *, more: bool) -> Column:
    return Column(
        key=f"{curve}_{end}",
        title=title,
        help=help,
        text=lambda timeline, index: number_text(getattr(_ramp(timeline, index, curve), end)),
        write=lambda timeline, index, text: edits.change_ramp(
            timeline.schedule, index, curve, **{end: read_number(text)}
        ),
        shown=lambda timeline, index: number_text(float(f"{getattr(_ramp(timeline, index, curve), end):.3g}")),
        inherited=lambda phase: end == "end" and getattr(phase, curve).decay == "none",
        more=more,
        width=96 if end == "start" else 72,
    )


def _shape_column(curve: CurveName, title: str, help: str, *, more: bool) -> Column:
    return Column(
        key=f"{curve}_decay",
        title=title,
        help=help,
        text=lambda timeline, index: SHAPES[_ramp(timeline, index, curve).decay],
        write=lambda timeline, index, text: edits.change_ramp(timeline.schedule, index, curve, decay=text),
        choices=SHAPES,
        value=lambda phase: str(getattr(phase, curve).decay),
        more=more,
        width=86,
    )


def _whole_number(text: str) -> int | None:
    if not text.strip():
        return None
    value = read_number(text)
    if value != int(value):
        raise ValueError(f"{text.strip()} is no whole number.")
    return int(value)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in re.split(r"[,\s]+", text.strip()) if name)


def _two_numbers(text: str) -> tuple[float, float] | None:
    words = [word for word in re.split(r"\s*(?:→|–|…|\bto\b|;|\s)\s*", text.strip()) if word]
    if not words:
        return None
    if len(words) != 2:
        raise ValueError("Two factors are needed, first and last group, such as 0.01 → 1.")
    return read_number(words[0]), read_number(words[1])


def _data_text(timeline: Timeline, index: int) -> str:
    data = timeline.schedule.phases[index].data
    return "; ".join(path if slot == DATA else f"{slot}={path}" for slot, paths in data.items() for path in paths)


def _data_shown(timeline: Timeline, index: int) -> str:
    return ", ".join(Path(path).name for paths in timeline.schedule.phases[index].data.values() for path in paths)


def _write_data(timeline: Timeline, index: int, text: str) -> Schedule:
    data: dict[str, list[str]] = {}
    for part in (word.strip() for word in text.split(";") if word.strip()):
        slot, equals, path = part.partition("=")
        given = expanded(path if equals and slot.isidentifier() else part)
        if not given.is_absolute() or not is_there(given):
            raise ValueError(f"{given} is not there; a whole path is needed.")
        data.setdefault(slot if equals and slot.isidentifier() else DATA, []).append(str(given))
    return edits.change_phase(timeline.schedule, index, data=data)


def _rates_text(timeline: Timeline, index: int) -> str:
    rates = timeline.schedule.phases[index].layer_rates
    return "" if rates is None else f"{number_text(rates[0])} → {number_text(rates[1])}"


def _power_text(timeline: Timeline, index: int) -> str:
    phase = timeline.schedule.phases[index]
    bent = [ramp.power for ramp in (phase.learning_rate, phase.momentum) if ramp.decay == "polynomial"]
    return number_text(bent[0]) if bent else ""


def _write_power(timeline: Timeline, index: int, text: str) -> Schedule:
    schedule, power = timeline.schedule, read_number(text)
    curves: tuple[CurveName, ...] = ("learning_rate", "momentum")
    bent: list[CurveName] = [curve for curve in curves if _ramp(timeline, index, curve).decay == "polynomial"]
    if not bent:
        raise ValueError("Only the shape “power” has a power.")
    for curve in bent:
        schedule = edits.change_ramp(schedule, index, curve, power=power)
    return schedule


def _phase_name(timeline: Timeline, index: int) -> str:
    return timeline.schedule.phases[index].name or f"Phase {index + 1}"


def _write_name(timeline: Timeline, index: int, text: str) -> Schedule:
    name = "" if text.strip() == f"Phase {index + 1}" else text.strip()
    return edits.change_phase(timeline.schedule, index, name=name)


def _write_unit(timeline: Timeline, index: int, text: str) -> Schedule:
    return edits.change_unit(timeline, index, "steps" if text == "steps" else "epochs")


def _write_optimiser(timeline: Timeline, index: int, text: str) -> Schedule:
    """Choose an optimiser; a momentum that nobody has changed becomes what suits it."""
    phase = timeline.schedule.phases[index]
    untouched = phase.momentum == Ramp.level(DEFAULT_MOMENTUM[phase.optimiser])
    momentum = Ramp.level(DEFAULT_MOMENTUM[text]) if untouched else phase.momentum
    return edits.change_phase(timeline.schedule, index, optimiser=text, momentum=momentum)


def _switch_column(key: str, title: str, help: str, usual: bool) -> Column:
    return Column(
        key, title, help, text=lambda timeline, index: "yes" if _field(key)(timeline, index) else "no",
        write=_change(key, lambda text: text == "yes"), choices={"yes": "yes", "no": "no"},
        value=lambda phase: "yes" if getattr(phase, key) else "no",
        inherited=lambda phase: getattr(phase, key) is usual, more=True, fixed_once_begun=True, width=86,
    )  # fmt: skip


def _size_text(timeline: Timeline, index: int) -> str:
    return str(timeline.schedule.phases[index].size or timeline.size)


def _batch_text(timeline: Timeline, index: int) -> str:
    return str(timeline.schedule.phases[index].batch or timeline.batch)


COLUMNS: tuple[Column, ...] = (
    Column(
        "name", "Phase", "What you call this part of the training.", text=_phase_name, write=_write_name, width=104,
    ),
    Column(
        "duration", "Length", "How long the phase lasts, in epochs or steps (next column).",
        text=lambda timeline, index: number_text(timeline.schedule.phases[index].duration),
        write=_change("duration", read_number), width=62,
    ),
    Column(
        "unit", "in", "Epochs show every picture once; steps show one batch each.",
        text=lambda timeline, index: str(timeline.schedule.phases[index].unit),
        write=_write_unit,
        choices={"epochs": "epochs", "steps": "steps"}, value=lambda phase: phase.unit, fixed_once_begun=True, width=78,
    ),
    _end_column("learning_rate", "start", "Rate from", "How fast it learns when the phase begins (learning rate).",
                more=False),
    _end_column("learning_rate", "end", "to", "How fast it learns when the phase ends (learning rate).", more=False),
    _shape_column("learning_rate", "Shape", "How the learning rate goes from one to the other (decay: none, linear, "
                  "cosine, exponential, polynomial).", more=False),
    _end_column("momentum", "start", "Momentum", "How much of its direction it keeps from step to step when the phase "
                "begins (momentum; β₁ of Adam).", more=True),
    _end_column("momentum", "end", "to", "Momentum when the phase ends.", more=True),
    _shape_column("momentum", "Shape", "How the momentum goes from one to the other (decay).", more=True),
    Column(
        "power", "Power", "How strongly the shape “power” bends (exponent p of the polynomial decay).",
        text=_power_text, write=_write_power, more=True, width=72,
    ),
    Column(
        "optimiser", "Optimiser", "The rule that turns gradients into steps.",
        text=lambda timeline, index: OPTIMISERS[timeline.schedule.phases[index].optimiser],
        write=_write_optimiser, choices=OPTIMISERS, value=lambda phase: phase.optimiser, more=True,
        fixed_once_begun=True, width=100,
    ),
    Column(
        "weight_decay", "Weight decay", "Pulls all weights a little towards zero, against learning by heart.",
        text=lambda timeline, index: number_text(timeline.schedule.phases[index].weight_decay),
        write=_change("weight_decay", read_number), more=True, width=112,
    ),
    _switch_column("decay_norms", "Norms, too", "Whether weight decay takes in normalisation layers and biases.", True),
    Column(
        "size", "Size", "Side of the pictures in this phase, in px: begin small, end large (progressive resizing). "
        "Empty: as the run's settings say.",
        text=_size_text, write=_change("size", _whole_number), inherited=lambda phase: phase.size is None, more=True,
        width=64,
    ),
    Column(
        "batch", "Batch", "Pictures per step in this phase. Empty: as the run's settings say.",
        text=_batch_text, write=_change("batch", _whole_number), inherited=lambda phase: phase.batch is None,
        more=True, fixed_once_begun=True, width=72,
    ),
    Column(
        "data", "Data", "Folders, lists or files that this phase learns from instead of the run's data, with ; between "
        "them (slot=… where there are several slots). Empty: the run's data.",
        text=_data_text, shown=_data_shown, write=_write_data, more=True, fixed_once_begun=True, width=112,
    ),
    Column(
        "batches", "Batches", "How many batches a step draws: more where a critic learns several times a step.",
        text=lambda timeline, index: str(timeline.schedule.phases[index].batches),
        write=_change("batches", _whole_number), inherited=lambda phase: phase.batches == 1, more=True,
        fixed_once_begun=True, width=72,
    ),
    Column(
        "trains", "Learning networks", "Networks that learn in this phase, such as generator or critic. Empty: all.",
        text=lambda timeline, index: ", ".join(timeline.schedule.phases[index].trains),
        write=_change("trains", _names), more=True, fixed_once_begun=True, width=124,
    ),
    Column(
        "frozen", "Resting layers", "Layer groups or networks that do not learn in this phase, such as body, "
        "critic.body or critic (frozen layers).",
        text=lambda timeline, index: ", ".join(timeline.schedule.phases[index].frozen),
        write=_change("frozen", _names), more=True, fixed_once_begun=True, width=124,
    ),
    _switch_column("train_norms", "Norms learn", "Whether normalisation layers learn even where layers rest.", False),
    Column(
        "layer_rates", "Layer rates", "Factor of the learning rate for the first → the last layer group, such as "
        "0.01 → 1 (discriminative learning rates). Empty: the same for all.",
        text=_rates_text, write=_change("layer_rates", _two_numbers), more=True, width=112,
    ),
)  # fmt: skip
"""In the order of the table."""
