"""Looking for a learning rate as a job: opens the task, tries rates on copies, and says what it found."""

from collections.abc import Generator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Metrics, Progress
from studio.core.failures import StudioError
from studio.core.user_folders import UserFolders
from studio.training.checkpoints import Checkpoints
from studio.training.kinds import kind_named, settings_of
from studio.training.live_settings import ChangeLog, LiveSettings
from studio.training.lr_finder import RateTried, find_rates, try_rates
from studio.training.processes import Processes
from studio.training.rate_curve import TRIAL_STAGE, FoundRates, RateCurve, RateRequest, RateTrial
from studio.training.run_folder import RunFolder
from studio.training.seeding import generator_state, restore_generators, seed_everything, seed_of, undisturbed
from studio.training.settings import TrainingSettings
from studio.training.task import TaskContext, TrainingTask
from studio.training.task_kind import TaskKind

__all__ = ["find_rate"]

_STAGE = "Trying learning rates"


def find_rate(request: RateRequest, controls: Controls[Any], *, kind: TaskKind | None = None) -> Job[FoundRates]:
    """Try learning rates on copies of the run's networks; yields `Metrics` at each step of the sweep.

    The names are "network.rate", "network.loss" and "network.smoothed". `controls.finish()` ends it with what is known.
    What the sweep suggests is then tried against the schedule's own rate.

    Args:
        request: for which run.
        controls: only `finishing` is heeded.
        kind: of the training; None looks the plan's up.

    Raises:
        StudioError: the task cannot be opened, or an example not be prepared.

    """
    kind = kind or kind_named(request.plan.task)
    settings = settings_of(request.plan, kind)
    yield Progress("Preparing…")
    with Processes(precision=settings.precision) as processes:
        before = generator_state(processes.device)
        try:
            work = _work(request, kind, settings, processes, controls)
            return (yield from undisturbed(work, processes.device))
        finally:
            restore_generators(before, processes.device)


def _work(
    request: RateRequest,
    kind: TaskKind,
    settings: TrainingSettings,
    processes: Processes,
    controls: Controls[Any],
) -> Job[FoundRates]:
    seed_everything(seed_of("open", settings.seed), processes.device)  # as the run itself begins
    module, function = kind.opener.split(":")
    place = TaskContext(processes.device, UserFolders.standard().cache / "training", settings.seed)
    task: TrainingTask = yield from getattr(import_module(module), function)(request.plan, place)
    timeline = task.timeline(request.plan.schedule, batch=settings.batch, size=settings.size)
    step, optimisers = _take_up(request.folder, task, LiveSettings(settings, ChangeLog(None)))
    config = timeline.at(min(step, timeline.total_steps - 1))
    how: dict[str, Any] = {"optimisers": optimisers, "stop": lambda: controls.finishing}
    sweep = find_rates(task, config, settings, processes, request.sweep, **how)
    curves = yield from _telling_sweep(sweep, several=len(task.networks) > 1)
    suggested = curves[0].suggested if len(task.networks) == 1 and curves else None
    if suggested is None or controls.finishing:
        return FoundRates(curves, note=task.rate_note)
    own = request.plan.schedule.fastest
    tried = try_rates(task, config, settings, processes, (own, suggested), steps=request.sweep.trial_steps, **how)
    trials = yield from _telling_trials(tried)
    return FoundRates(curves, trials, task.rate_note)


def _telling_trials(
    trials: Generator[RateTried | None, None, tuple[RateTrial, ...]],
) -> Job[tuple[RateTrial, ...]]:
    stage = Progress(TRIAL_STAGE)
    while True:
        try:
            tried = next(trials)
        except StopIteration as end:
            found: tuple[RateTrial, ...] = end.value
            return found
        if tried is not None:
            stage = Progress(f"{TRIAL_STAGE} · {tried.rate:.2g}", tried.step, tried.steps)
        yield stage


def _telling_sweep(
    sweep: Generator[RateTried | None, None, tuple[RateCurve, ...]], *, several: bool
) -> Job[tuple[RateCurve, ...]]:
    stage = Progress(_STAGE)
    while True:
        try:
            tried = next(sweep)
        except StopIteration as end:
            curves: tuple[RateCurve, ...] = end.value
            return curves
        if tried is not None:
            stage = Progress(f"{_STAGE} · {tried.network}" if several else _STAGE, tried.step, tried.steps)
            values = {f"{tried.network}.{name}": getattr(tried, name) for name in ("rate", "loss", "smoothed")}
            yield Metrics(tried.step, values)
        yield stage


def _take_up(folder: Path | None, task: TrainingTask, live: LiveSettings) -> tuple[int, Mapping[str, Any] | None]:
    """Give the task the weights and settings of the newest good checkpoint; returns its step and optimisers' states."""
    if folder is None:
        return 0, None
    found, state, _ = Checkpoints(RunFolder(folder).checkpoints).newest_good()
    if found is None:
        return 0, None
    train_state = state["trainee"]
    try:
        for name, network in task.networks.items():
            network.load_state_dict(train_state["networks"][name])
        task.load_state_dict(train_state["task"][0])
    except (KeyError, RuntimeError) as error:
        raise StudioError(
            "The checkpoint does not fit this task's networks.", "Look for a rate before the run begins instead."
        ) from error
    live.restore(state["steered"])
    task.adopt(live.settings)
    return found.step, train_state["learners"]
