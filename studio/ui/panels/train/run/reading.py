"""What a look at a run says, in the words and values that the widgets take."""

from studio.jobs.runs import RunSnapshot
from studio.training.run_log import RunHistory, Series
from studio.training.settings import TrainingSettings
from studio.training.task_kind import TaskKind
from studio.ui.panels.train.run.figures import RunFigures
from studio.ui.panels.train.run.samples_view import SampleShot
from studio.ui.plots.curves import AxisMapping, Knots, PlotMark

__all__ = [
    "CHECKED",
    "GRADIENTS",
    "NOT_QUALITY",
    "contested_of",
    "figures_of",
    "marks_of",
    "numbers_of",
    "samples_of",
    "scales_of",
    "settings_of",
    "total_of",
]

GRADIENTS = "gradient norm"
NOT_QUALITY = "The curves of a critic and of what it judges say nothing about quality: look at the samples."
CHECKED = " (checked)"
"""Behind the names of numbers that are measured on pictures it does not learn from."""


def settings_of(kind: TaskKind, values: dict[str, object]) -> TrainingSettings:
    """Return a run's settings; names that this version does not know are passed over."""
    known = {name: value for name, value in values.items() if name in kind.settings.model_fields}
    try:
        return kind.settings.model_validate(known)
    except ValueError:
        return kind.settings()


def total_of(snapshot: RunSnapshot) -> int:
    """Return how many steps a run takes, or was to take; 0 while nobody knows."""
    history = snapshot.history
    if snapshot.state == "finished":
        return max(1, history.step)
    said = [one for one in (*history.of_kind("extended"), history.pace) if one is not None]
    total = max(said, key=lambda one: one.at).facts.get("total") if said else None
    return total if isinstance(total, int) else 0


def numbers_of(history: RunHistory) -> list[tuple[str, Series]]:
    """Return every number's course with the name it is shown by: losses first, then gradients, then checks.

    That is the order in which they come while one watches; a run that is opened later has the same colours.
    """
    learnt = {name.replace("_", " "): series for name, series in history.metrics.items()}
    checked = {name.replace("_", " ") + CHECKED: series for name, series in history.validation.items()}
    return sorted((learnt | checked).items(), key=lambda one: (one[0] in checked, one[0].endswith(GRADIENTS)))


def contested_of(kind: TaskKind | None) -> frozenset[str]:
    """Return the shown names of the numbers that say nothing about quality."""
    return frozenset(name.replace("_", " ") for name in kind.contested) if kind is not None else frozenset()


def scales_of(history: RunHistory) -> AxisMapping:
    """Return what the run's steps are in time and epochs."""
    worked, epoch = history.worked, history.epoch
    return AxisMapping(
        Knots.of(worked.steps, worked.values) if len(worked) else None,
        Knots.of(epoch.steps, epoch.values) if len(epoch) else None,
    )


def marks_of(history: RunHistory) -> list[PlotMark]:
    """Return the moments that are worth a line across the curves."""
    marks = []
    extended = {one.step: one.facts.get("steps") for one in history.of_kind("extended")}
    for one in history.happenings:
        if one.kind == "resumed":
            more = extended.get(one.step)
            usual = f"Extended by {more:,} steps" if isinstance(more, int) else "Resumed"
            marks.append(PlotMark(one.step, "resumed", str(one.facts.get("message") or usual)))
        elif one.kind == "phase" and one.step > 0:
            marks.append(PlotMark(one.step, "phase", str(one.facts.get("name") or "Next phase")))
        elif one.kind == "guard":
            marks.append(PlotMark(one.step, "guard", str(one.facts.get("message") or "A step was left out")))
        elif one.kind == "checkpoint" and one.facts.get("kind") == "pinned":
            marks.append(PlotMark(one.step, "pinned", "Pinned"))
    return marks


def samples_of(snapshot: RunSnapshot) -> list[SampleShot]:
    """Return every sample, in the order of their steps."""
    folder = snapshot.path / "samples"
    found = {one.step: folder / str(one.facts.get("file")) for one in snapshot.history.of_kind("sample")}
    return [SampleShot(step, found[step]) for step in sorted(found)]


def figures_of(snapshot: RunSnapshot) -> RunFigures:
    """Return the figures of the line: of a run at work as they are now, of any other what is left to say."""
    history = snapshot.history
    pace = dict(history.pace.facts) if history.pace is not None and snapshot.state == "running" else {}
    total = total_of(snapshot)
    if total and pace.get("total") != total:  # it is of before the run was extended
        pace = {}
    return RunFigures(
        stage=str(pace.get("stage") or ""),
        step=history.step if len(history.worked) else None,
        total=total or None,
        epoch=float(history.epoch.values[-1]) if len(history.epoch) else None,
        images_per_second=_number(pace.get("images_per_second")),
        seconds_left=_number(pace.get("seconds_left")),
        seconds_left_spread=_number(pace.get("seconds_left_spread")) or 0.0,
        data_wait=_number(pace.get("data_wait")),
        memory_mb=_number(pace.get("memory_mb")),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
