"""What a hand does to a schedule: each edit takes one and returns another; free of Qt.

All edits keep a schedule valid. Where that cannot be, they raise `ValueError` with a sentence for the user.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from pydantic import ValidationError

from studio.training.schedule import Phase, Ramp, Schedule, Timeline, Unit

CurveName: TypeAlias = Literal["learning_rate", "momentum"]
EndName: TypeAlias = Literal["start", "end"]

_ENDS: tuple[EndName, EndName] = ("start", "end")

SHORTEST: dict[Unit, float] = {"epochs": 0.1, "steps": 1.0}
"""The grid that durations snap to when they are dragged, and the least that is left of a phase."""


@dataclass(frozen=True, slots=True)
class Point:
    """One end of one phase's ramp: what a handle on the plot holds."""

    phase: int
    curve: CurveName
    end: EndName


def change_phase(schedule: Schedule, index: int, **fields: Any) -> Schedule:
    """Return the schedule with some fields of a phase replaced.

    Raises:
        ValueError: the phase would make no sense; the message says why.

    """
    given = dict(schedule.phases[index]) | fields
    try:
        phase = Phase(**given)
    except ValidationError as error:
        raise ValueError(words_of(error)) from None
    return _with(schedule, index, phase)


def change_ramp(schedule: Schedule, index: int, curve: CurveName, **fields: Any) -> Schedule:
    """Return the schedule with a ramp's start, end, decay or power replaced.

    A steady ramp moves as a whole with its start; an end of its own makes it a straight line.

    Raises:
        ValueError: there is no such ramp; the message says why.

    """
    ramp: Ramp = getattr(schedule.phases[index], curve)
    given = dict(ramp) | fields
    if given["decay"] == "none" and given["start"] != given["end"]:
        if "decay" in fields or "end" not in fields:
            given["end"] = given["start"]
        else:
            given["decay"] = "linear"
    try:
        return change_phase(schedule, index, **{curve: Ramp(**given)})
    except ValidationError as error:
        raise ValueError(words_of(error)) from None


def change_unit(timeline: Timeline, index: int, unit: Unit) -> Schedule:
    """Count a phase in epochs or in steps; it stays about as long as it is."""
    phase = timeline.schedule.phases[index]
    if phase.unit == unit:
        return timeline.schedule
    steps = timeline.steps_of(index)
    if unit == "steps":
        return change_phase(timeline.schedule, index, unit=unit, duration=float(steps))
    return change_phase(timeline.schedule, index, unit=unit, duration=_snapped(_epochs(timeline, index, steps), unit))


def move_border(timeline: Timeline, index: int, step: float, *, earliest: int = 0) -> Schedule:
    """Move the border between phases `index` and `index` + 1 to about `step`; the last one's is the end of all.

    Two phases change: what one gains the other gives, so that the rest of the schedule stays where it is. Epochs move
    in tenths, steps in whole ones; where one counts epochs and the other steps, the steps make up the difference.

    Args:
        timeline: the schedule as it lies over the data.
        index: the phase that ends there.
        step: where the border should be.
        earliest: a step that has been reached in training; the border stays behind it.

    """
    step = max(step, earliest)
    phases = timeline.schedule.phases
    if index == len(phases) - 1:
        start = timeline.phase_start(index)
        durations = [_duration(timeline, index, step - start, at_least=earliest - start)]
    elif phases[index].unit == phases[index + 1].unit:
        durations = _shared_out(timeline, index, step, earliest)
    else:
        durations = _made_up_in_steps(timeline, index, step, earliest)
    schedule = timeline.schedule
    for at, duration in enumerate(durations, index):
        schedule = change_phase(schedule, at, duration=duration)
    return schedule


def _shared_out(timeline: Timeline, index: int, step: float, earliest: int) -> list[float]:
    """Return the durations of two phases of the same unit; their sum stays."""
    left, right = timeline.schedule.phases[index : index + 2]
    total, least, start = left.duration + right.duration, SHORTEST[left.unit], timeline.phase_start(index)
    if total < 2 * least:
        return [left.duration, right.duration]
    wanted = min(_duration(timeline, index, step - start, at_least=earliest - start), round(total - least, 6))
    return [wanted, round(total - wanted, 6)]


def _made_up_in_steps(timeline: Timeline, index: int, step: float, earliest: int) -> list[float]:
    """Return the durations of two phases of which one counts steps; they end on the same step as before."""
    left, right = timeline.schedule.phases[index : index + 2]
    start, end = timeline.phase_start(index), timeline.phase_start(index + 2)
    least, room = max(1, earliest - start), end - start  # of the left one, and of both, in steps
    counted = index if left.unit == "epochs" else index + 1
    wanted, bounds = (step - start, (least, room - 1)) if counted == index else (end - step, (0, room - least))
    duration = _duration(timeline, counted, wanted, at_least=bounds[0], at_most=bounds[1])
    taken = timeline.schedule.phases[counted].model_copy(update={"duration": duration})
    steps = room - taken.steps(timeline.counts[counted], timeline.batch)
    if not (least <= steps if counted != index else steps >= 1):  # a tenth of an epoch is more than there is
        return [left.duration, right.duration]
    return [duration, float(steps)] if counted == index else [float(steps), duration]


def move_point(schedule: Schedule, point: Point, value: float, *, alone: bool = False, first: int = 0) -> Schedule:
    """Give an end of a ramp a value; what is joined to it goes along.

    Joined are the end of one phase and the beginning of the next where both have the same value, and the two ends of a
    steady phase.

    Args:
        schedule: the schedule.
        point: the end that is moved.
        value: its new value.
        alone: leave the others where they are; a steady phase becomes a straight line.
        first: the first phase that may change (those before it are over).

    Raises:
        ValueError: the value is out of range.

    """
    moved = {point} if alone else set(_joined(schedule, point, first))
    for index in sorted({p.phase for p in moved}):
        ends = {p.end: value for p in moved if p.phase == index}
        ramp: Ramp = getattr(schedule.phases[index], point.curve)
        wanted = dict(ramp) | ends
        if wanted["decay"] == "none" and wanted["start"] != wanted["end"]:
            wanted["decay"] = "linear"
        schedule = change_ramp(schedule, index, point.curve, **wanted)
    return schedule


def value_at(schedule: Schedule, point: Point) -> float:
    """Return the value at an end of a ramp."""
    ramp: Ramp = getattr(schedule.phases[point.phase], point.curve)
    return ramp.start if point.end == "start" else ramp.end


def scale_rates(schedule: Schedule, highest: float, *, first: int = 0) -> Schedule:
    """Multiply all learning rates from phase `first` on, so that the highest of them is `highest`."""
    ramps = [phase.learning_rate for phase in schedule.phases[first:]]
    now = max((value for ramp in ramps for value in (ramp.start, ramp.end)), default=0.0)
    for index, ramp in enumerate(ramps, first):
        ends = (ramp.start * highest / now, ramp.end * highest / now) if now > 0 else (highest, highest)
        fields = {"start": rounded(ends[0], 6), "end": rounded(ends[1], 6)}
        schedule = change_ramp(schedule, index, "learning_rate", **fields)
    return schedule


def add_phase(schedule: Schedule, after: int) -> Schedule:
    """Insert a phase that goes on steadily where phase `after` ends, under the same rules and as long."""
    before = schedule.phases[after]
    steady = {"learning_rate": Ramp.level(before.learning_rate.end), "momentum": Ramp.level(before.momentum.end)}
    return insert_phase(schedule, after + 1, before.model_copy(update={"name": ""} | steady))


def insert_phase(schedule: Schedule, index: int, phase: Phase) -> Schedule:
    """Return the schedule with `phase` as number `index`."""
    phases = schedule.phases
    return Schedule(phases=(*phases[:index], phase, *phases[index:]))


def duplicate_phase(schedule: Schedule, index: int) -> Schedule:
    """Repeat a phase right behind itself."""
    return insert_phase(schedule, index + 1, schedule.phases[index])


def remove_phase(schedule: Schedule, index: int) -> Schedule:
    """Take a phase out.

    Raises:
        ValueError: it is the only one.

    """
    if len(schedule.phases) == 1:
        raise ValueError("A schedule needs at least one phase.")
    return Schedule(phases=schedule.phases[:index] + schedule.phases[index + 1 :])


def words_of(error: ValidationError) -> str:
    """Return what pydantic found, as a sentence."""
    found = error.errors()[0]
    words = str(found["msg"]).removeprefix("Value error, ")
    where = str(found["loc"][-1]).replace("_", " ") if found["loc"] and found["type"] != "value_error" else ""
    return f"{where}: {words}".capitalize() if where else words


def rounded(value: float, digits: int = 3) -> float:
    """Return `value` with so many significant digits: what a hand can mean."""
    return float(f"{value:.{digits}g}")


def _joined(schedule: Schedule, point: Point, first: int) -> Iterator[Point]:
    """Yield `point` and every end that hangs together with it, in both directions."""
    yield point
    yield from _joined_towards(schedule, point, first, forwards=True)
    yield from _joined_towards(schedule, point, first, forwards=False)


def _joined_towards(schedule: Schedule, point: Point, first: int, *, forwards: bool) -> Iterator[Point]:
    while (following := _neighbour(schedule, point, forwards)) is not None and following.phase >= first:
        inside = following.phase == point.phase
        ramp: Ramp = getattr(schedule.phases[point.phase], point.curve)
        held = ramp.decay == "none" if inside else value_at(schedule, point) == value_at(schedule, following)
        if not held:
            return
        point = following
        yield point


def _neighbour(schedule: Schedule, point: Point, forwards: bool) -> Point | None:
    near, far = _ENDS if forwards else _ENDS[::-1]
    if point.end == near:
        return replace(point, end=far)
    index = point.phase + (1 if forwards else -1)
    return replace(point, phase=index, end=near) if 0 <= index < len(schedule.phases) else None


def _with(schedule: Schedule, index: int, phase: Phase) -> Schedule:
    phases = schedule.phases
    return Schedule(phases=(*phases[:index], phase, *phases[index + 1 :]))


def _epochs(timeline: Timeline, index: int, steps: float) -> float:
    return steps * timeline.schedule.phases[index].draws(timeline.batch) / timeline.counts[index]


def _duration(timeline: Timeline, index: int, steps: float, *, at_least: float, at_most: float = math.inf) -> float:
    """Return the duration, on the grid of the phase's unit, that takes about so many steps, within the bounds."""
    if timeline.schedule.phases[index].unit == "steps":
        return float(max(1, min(max(round(steps), math.ceil(at_least)), at_most)))
    tenths = [_epochs(timeline, index, bound) / SHORTEST["epochs"] for bound in (at_least, min(at_most, 1e12))]
    wanted = _epochs(timeline, index, steps) / SHORTEST["epochs"]
    on_grid = min(max(round(wanted), math.ceil(tenths[0] - 1e-6)), math.floor(tenths[1] + 1e-6))
    return round(max(1, on_grid) * SHORTEST["epochs"], 1)


def _snapped(duration: float, unit: Unit) -> float:
    return float(max(1, round(duration))) if unit == "steps" else max(SHORTEST["epochs"], round(duration, 1))
