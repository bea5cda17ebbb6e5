"""The training loop: everything that all tasks have in common, in the order in which it happens.

step → evaluate (validate, sample) → save, until something ends it. Whatever interrupts a run, it goes on from its
newest checkpoint as if nothing had been: the same numbers are drawn, the same changes made.
"""

import math
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from torch import nn

from studio.core.controls import Controls
from studio.core.events import Job, Log, Metrics, Preview, Progress
from studio.core.failures import StudioError, is_out_of_memory
from studio.training.checkpointing import Checkpointer
from studio.training.checkpoints import CheckpointClock
from studio.training.data.loader import ExampleLoader
from studio.training.evaluation import Evaluator
from studio.training.live_settings import ChangeLog, LiveSettings
from studio.training.metric_log import MetricLogger
from studio.training.micro_batches import MicroBatchMemo
from studio.training.network_optimiser import check_names
from studio.training.plan_changes import identity_of
from studio.training.processes import Processes
from studio.training.recovery import Recovery
from studio.training.run_commands import RunCommand
from studio.training.run_folder import BEAT_S, RunFolder, RunPlan, RunState, TrainedRun
from studio.training.run_log import RunLog
from studio.training.schedule import StepConfig
from studio.training.settings import TrainingSettings
from studio.training.step import StepReport
from studio.training.task import TrainingTask
from studio.training.throughput import Throughput
from studio.training.train_state import TrainState
from studio.training.trials import TrialRunner

__all__ = ["Equipment", "TrainingLoop"]

T = TypeVar("T")

_POLL_S = 0.1
_BREATH_S = 0.02


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a run is given to work with.

    Args:
        run: its folder, held by this process.
        plan: of run.json.
        settings: the plan's, validated.
        processes: where, and with whom.
        loader: hands out batches by the numbers of their draws.
        log: the run's; None in processes other than the main one.
        memo: what this computer's memory holds.
        clock: when to save.

    """

    run: RunFolder
    plan: RunPlan
    settings: TrainingSettings
    processes: Processes
    loader: ExampleLoader
    log: RunLog | None
    memo: MicroBatchMemo
    clock: CheckpointClock


class _CutShortError(Exception):
    """An evaluation was given up for a pause."""


class TrainingLoop:
    """One session of a run: from where it stands to its end, or to a pause.

    Args:
        task: what is learnt.
        equipment: what with.

    Raises:
        StudioError: the schedule names layers that are not there.

    """

    def __init__(self, task: TrainingTask, equipment: Equipment) -> None:
        self._kit = equipment
        settings, plan, processes = equipment.settings, equipment.plan, equipment.processes
        self._task = task
        self._timeline = task.timeline(plan.schedule, batch=settings.batch, size=settings.size)
        self._last = min(self._timeline.total_steps, settings.steps or self._timeline.total_steps)
        self._train_state = TrainState(task, settings, processes, self._last)
        for phase in plan.schedule.phases:
            check_names(phase, list(self._train_state.optimisers.values()))
            processes.share_of(phase.batch or settings.batch)  # which says so where it does not divide
        change_log = ChangeLog.read(equipment.run.path / "course.json") if processes.rank == 0 else ChangeLog(None)
        self._live_settings = LiveSettings(
            settings, ChangeLog(change_log.file, processes.broadcast(change_log.changes))
        )
        self._logger = MetricLogger(equipment.log)
        identity = identity_of(plan, settings, task.fingerprint(plan.schedule))
        self._checkpointer = Checkpointer(
            equipment.run, equipment.clock, self._train_state, self._live_settings, identity, self._logger, processes,
            self._say,
        )  # fmt: skip
        self._evaluator = Evaluator(equipment.run, self._train_state, self._logger, processes, settings.seed, self._say)
        self._recovery = Recovery(
            plan.task, self._train_state, self._live_settings, self._checkpointer, equipment.memo, processes
        )
        self._trials = TrialRunner(
            task, equipment.run, self._timeline, self._last, identity, self._live_settings, self._recovery,
            equipment.loader, self._logger, equipment.clock, processes, self._say,
        )  # fmt: skip
        self._throughput = Throughput(self._timeline, self._last, processes.device)
        self._said: list[Log | Metrics] = []
        self._told: Progress | None = None
        self._polled = self._beaten = self._breathed = 0.0

    @property
    def step(self) -> int:
        """How many steps are done."""
        return self._train_state.standing.step

    # -- the order of things -----------------------------------------------------------------------------------------

    def run(self, controls: Controls[Any], *, accept_changes: bool = False, keep: bool = False) -> Job[TrainedRun]:
        """Train until the end, a pause, or an order to stop; closing the generator pauses.

        Args:
            controls: only `finishing` is heeded.
            accept_changes: data or settings that differ from the checkpoint's are wanted.
            keep: stop where it stands.

        Raises:
            StudioError: data or settings are not those of the checkpoint, or training cannot go on.

        """
        self._checkpointer.begin(accept_changes=accept_changes)
        tries = self._trials.begin(self.step) and not keep
        if self._kit.processes.world > 1 or tries:  # where a step did not fit, the session ended: only the memo knows
            self._recovery.foresee(self._config)
        try:
            yield from self._evaluate(controls)  # the very first sample, or what a pause cut short
            ending = "stopped" if keep else (yield from self._try_out(controls)) if tries else None
            while ending is None and (ending := (yield from self._hear(controls))) is None:
                yield from self._to_its_end(self._advance())
                self._beat()
                yield self._progress()
                self._breathed = time.monotonic()
                yield from self._evaluate(controls)
                if self._checkpointer.due():
                    yield from self._to_its_end(self._checkpointer.saving_in_passing())
                yield from self._speak()
            # a run at its end shall leave its network even where a last checkpoint has no room
            saving = self._checkpointer.saving() if ending == "paused" else self._checkpointer.saving_in_passing()
            yield from self._to_its_end(saving)
        except GeneratorExit:
            self._checkpointer.save()
            raise
        model = None if ending == "paused" else (yield from self._export())
        if ending == "stopped" and self._train_state.standing.sampled != self.step:
            yield from self._sample(None)  # what is kept shall be seen
        yield from self._speak()
        return TrainedRun(self._kit.run.path, ending, self.step, model)

    def _to_its_end(self, work: Generator[None, None, None]) -> Job[None]:
        """Run `work` with breaths, and to its end even if the job is closed in the middle of it."""
        for _ in work:
            if not self._wants_breath():
                continue
            try:
                yield self._progress()
            except GeneratorExit:
                for _ in work:
                    pass
                raise
            self._breathed = time.monotonic()

    def _try_out(self, controls: Controls[Any]) -> Job[RunState | None]:
        """Let copies try what the task would rather try than be told; says how the session ends, if it does so here."""
        trying = self._trials.work()
        try:
            for between in trying:
                self._pass_on_trouble()
                if between or self._wants_breath():
                    self._beat()
                    yield self._trials.progress
                    yield from self._speak()
                    self._breathed = time.monotonic()
                if between or (self._trials.whole and self._kit.processes.world == 1):
                    ending = yield from self._hear(controls)
                    if self._trials.overruled:
                        self._trials.give_up()
                        return ending
                    if ending is not None:
                        self._trials.keep() if ending == "paused" else self._trials.leave()
                        return ending
        except GeneratorExit:
            while not self._trials.whole:
                next(trying)
            self._trials.keep()
            raise
        finally:
            trying.close()
        return None

    def _advance(self) -> Generator[None, None, None]:
        """Take one step; or, where it cannot be taken, go back and change what made it impossible."""
        config = self._timeline.at(self.step)
        self._enter(config)
        rate, micro_batches = self._live_settings.rate(config), self._live_settings.micro_batches(config.step)
        loader = self._kit.loader
        waited = loader.seconds_waited
        try:
            report = yield from self._train_state.take(loader, config, rate=rate, micro_batches=micro_batches)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        else:
            self._pass_on_trouble()
            waited = loader.seconds_waited - waited
            self._throughput.note(examples=config.batch * config.batches, size=config.size, waited=waited)
            self._take_note(config, report, rate)
            return
        # outside of the except block, whose traceback holds on to the step's tensors
        self._recovery.out_of_memory(config, micro_batches)

    def _pass_on_trouble(self) -> None:
        for helper in (self._kit.loader, self._logger):
            trouble, helper.trouble = helper.trouble, ""
            if trouble:
                self._say(trouble)

    def _enter(self, config: StepConfig) -> None:
        """Obey what holds from this step on: a new phase, steered settings."""
        if config.step == self._timeline.phase_start(config.phase):
            self._logger.event("phase", config.step, index=config.phase, name=config.phase_name)
            self._recovery.foresee(config)
        changed = self._live_settings.follow(config.step)
        if changed:
            self._logger.event("settings", config.step, values=changed)
            self._task.adopt(self._live_settings.settings)
            self._train_state.reset_guards()
            if self._task.judged_by & changed.keys():
                self._train_state.standing.forget_best()  # it was measured otherwise: what follows cannot be compared
        if config.step in self._kit.plan.extended:
            self._train_state.standing.stale, self._train_state.standing.alarm = 0, ""

    def _take_note(self, config: StepConfig, report: StepReport, rate: float) -> None:
        for name, update in report.updates:
            if update.verdict in {"skip", "diverged"}:
                was = f"{update.norm:.3g} long, far above what is usual" if math.isfinite(update.norm) else "not finite"
                message = f"A step of the {name} was left out: its gradient was {was}."
                self._logger.event("guard", self.step, what="skipped", message=message)
        begins = config.step == self._timeline.phase_start(config.phase)
        if begins and all(update.verdict == "rest" for _, update in report.updates):
            self._say(f"Nothing learns in phase {config.phase + 1}: all networks rest.")
        if report.diverged is not None:
            self._recovery.diverged(config, report.diverged)
            return
        numbers = report.numbers(several=len(self._task.networks) > 1)
        self._logger.measured(self.step, numbers, config, rate)
        pace = self._throughput.report(self.step)
        if pace is not None:
            self._logger.event("pace", self.step, stage=config.phase_name, **pace)

    # -- evaluation --------------------------------------------------------------------------------------------------

    def _evaluate(self, controls: Controls[Any]) -> Job[None]:
        """Validate and sample the shown network where it is time to; a pause cuts it short, and it is made up for."""
        standing = self._train_state.standing
        checks_every, samples_every = self._live_settings.settings.looks(self._last)
        validates = self.step > 0 and self._is_due(checks_every, standing.validated)
        samples = self._is_due(samples_every, standing.sampled)
        if not (validates or samples):
            return
        began = time.monotonic()
        try:
            with suppress(_CutShortError):
                if validates:
                    yield from self._validate(controls)
                if samples:
                    yield from self._sample(controls)
        finally:
            self._train_state.train()
            self._throughput.note_aside(time.monotonic() - began)

    def _is_due(self, every: int, done: int) -> bool:
        return done != self.step and (self.step % every == 0 or self.step == self._last)

    def _validate(self, controls: Controls[Any]) -> Job[None]:
        values = yield from self._breathing(self._evaluator.measure(self._shown()), controls)
        standing = self._train_state.standing
        standing.validated = self.step
        if not values:
            return
        self._logger.flush()
        standing.alarm = self._task.alarm(values)
        if remark := self._task.remark(values):
            self._say(remark)
        wanted = self._task.best if not standing.alarm else None  # what gave the alarm is never the best
        best = wanted is not None and standing.judge(values[wanted[0]], wanted[1])
        self._logger.event("validation", self.step, values=values, best=best)
        self._said.append(Metrics(self.step, {f"validation {name}": value for name, value in values.items()}))
        is_returned_to = bool(self._live_settings.settings.stop_after_stale or self._task.best_note)
        if best and (is_returned_to or self._checkpointer.affordable()):
            yield from self._to_its_end(self._checkpointer.saving_in_passing())
        if not standing.alarm and (why := self._task.setback(values)) and not self._recovery.to_best(why):
            standing.alarm = why

    def _sample(self, controls: Controls[Any] | None) -> Job[None]:
        picture = yield from self._breathing(self._evaluator.sample(self._shown()), controls)
        if picture is not None:
            yield Preview(picture, self.step, self._stage)
        self._train_state.standing.sampled = self.step

    def _shown(self) -> Generator[None, None, nn.Module]:
        """As the last step learnt: what the next one will need is found out only when it is taken."""
        config = self._timeline.at(max(0, self.step - 1))
        mine = self._kit.processes.share_of(config.batch)
        return self._train_state.shown(config, max(1, mine // self._live_settings.micro_batches(self.step - 1)))

    def _breathing(self, work: Generator[None, None, T], controls: Controls[Any] | None = None) -> Job[T]:
        """Run `work` with breaths; when the job is closed in the middle, it is given up.

        Raises:
            _CutShortError: `controls` ask for a pause, which need not wait for it; several processes go on together.

        """
        while True:
            try:
                next(work)
            except StopIteration as end:
                result: T = end.value
                return result
            if self._wants_breath():
                yield self._progress()
                self._breathed = time.monotonic()
                if controls is not None and controls.finishing and self._kit.processes.world == 1:
                    work.close()
                    raise _CutShortError

    # -- orders and ends ---------------------------------------------------------------------------------------------

    def _hear(self, controls: Controls[Any]) -> Job[RunState | None]:
        """Hear what is wanted, and say how the session ends, if it does."""
        processes = self._kit.processes
        (pauses,) = processes.agree(controls.finishing)
        commands = processes.broadcast(self._commands())
        kinds = {order.kind for order in commands}
        for order in commands:
            if order.kind == "settings":
                self._obey(order)
        if kinds & {"checkpoint", "pin"}:  # one for all; last, since the job may be closed in the middle of it
            notes = [str(order.values.get("note", "")) for order in commands if order.kind == "pin"]
            saving = self._checkpointer.saving_in_passing(pinned=bool(notes), note=notes[-1] if notes else "")
            yield from self._to_its_end(saving)
        if "finish" in kinds:
            return "stopped"
        return "paused" if pauses or "pause" in kinds else self._natural_end()

    def _commands(self) -> tuple[RunCommand, ...]:
        """The main process asks the disk, ten times a second."""
        now = time.monotonic()
        if self._kit.processes.rank != 0 or now - self._polled < _POLL_S:
            return ()
        self._polled = now
        return self._kit.run.commands.take()

    def _obey(self, order: RunCommand) -> None:
        """Write down changed settings; the main process's holds for all, since only it can fail to keep it."""
        if self._kit.processes.rank == 0:
            try:
                self._live_settings.change(self.step, order.values)
            except StudioError as error:
                self._say(f"{error.cause} {error.remedy}")
        self._live_settings.change_log.changes = self._kit.processes.broadcast(self._live_settings.change_log.changes)

    def _natural_end(self) -> RunState | None:
        if self.step >= self._last:
            return "finished"
        patience = self._live_settings.settings.stop_after_stale
        if self.step in self._kit.plan.extended:  # somebody wants more
            return None
        if alarm := self._train_state.standing.alarm:
            self._say(f"{alarm} The run ends, and keeps its best.")
            return "finished"
        if patience and self._train_state.standing.stale >= patience:
            self._say(f"{patience} checks in a row brought nothing better: the run ends, and keeps its best.", "info")
            return "finished"
        return None

    def _export(self) -> Job[Path]:
        """Write the shown network and its card."""
        keeps_best = bool(self._live_settings.settings.stop_after_stale or self._train_state.standing.alarm)
        if self._task.best_note:
            self._checkpointer.pin_best(self._task.best_note)
        if keeps_best and self._checkpointer.return_to_best():
            self._say(f"The best was at step {self.step}; that is kept.", "info")
        yield from self._breathing(self._evaluator.export(self._shown()))
        self._train_state.train()
        return self._kit.run.model_file

    # -- talking -----------------------------------------------------------------------------------------------------

    @property
    def _config(self) -> StepConfig:
        """The next step's, or at the end the last one's."""
        return self._timeline.at(min(self.step, self._timeline.total_steps - 1))

    @property
    def _stage(self) -> str:
        return self._config.phase_name or "Training"

    def _progress(self) -> Progress:
        if self._told is None or self._told.done != self.step:  # the same at every breath of a step
            share = self._timeline.work(self.step) / self._timeline.work(self._last)
            self._told = Progress(self._stage, self.step, self._last, share=min(1.0, share))
        return self._told

    def _wants_breath(self) -> bool:
        """Networks are eager to let others through, layer by layer; each time costs a tenth of a millisecond."""
        self._beat()
        return time.monotonic() - self._breathed >= _BREATH_S

    def _beat(self) -> None:
        now = time.monotonic()
        if self._kit.processes.rank == 0 and now - self._beaten > BEAT_S:
            self._beaten = now
            self._kit.run.beat()

    def _say(self, message: str, level: Literal["info", "warning"] = "warning") -> None:
        self._logger.event("log", self.step, message=message, level=level)
        self._said.append(Log(message, level))

    def _speak(self) -> Job[None]:
        said, self._said = self._said, []
        yield from said
        if (numbers := self._logger.take_newest()) is not None:
            yield numbers
