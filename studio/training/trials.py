"""What a task would rather try than be told: one setting's value, before the first step, each on a copy.

All values begin with the run's first weights, and learn its own first steps from its own first examples. Then the task
judges them, everything is as if nothing had been tried, and the run learns as if it had been told the value that was
chosen: to the last bit. What was found stands in the run's folder, so that a run that goes on tries nothing again:

trials.json     what came of each value, and which one was chosen
trials/         the one that a pause has interrupted; gone when all are done, and when the run is ended by hand
"""

import json
import math
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict
from typing import Any, Literal

from studio.core.atomic import WriteError, write_file
from studio.core.events import Progress
from studio.core.failures import is_out_of_memory
from studio.training.checkpoints import CheckpointClock, Checkpoints
from studio.training.data.loader import ExampleLoader
from studio.training.evaluation import Evaluator
from studio.training.live_settings import LiveSettings
from studio.training.lr_finder import TRIAL_MEASURED
from studio.training.metric_log import MetricLogger
from studio.training.plan_changes import changes_between
from studio.training.processes import Processes
from studio.training.recovery import Recovery
from studio.training.run_folder import RunFolder
from studio.training.schedule import Timeline
from studio.training.seeding import generator_state, restore_generators
from studio.training.task import TrainingTask, Trial, Trials
from studio.training.train_state import TrainState

__all__ = ["TrialRunner"]

_TOLD_EVERY_S = 1.0


class TrialRunner:
    """Tries what one run's task would know before its first step.

    Args:
        task: at its first weights; it is copied.
        run: its folder.
        timeline: of the run.
        last: its last step.
        identity: of the plan, see `identity_of`.
        live_settings: whose planned settings get the value that was chosen.
        recovery: divides steps that do not fit into memory.
        loader: of the run.
        logger: knows how far it is.
        clock: when an unfinished trial is saved.
        processes: that train together.
        say: tells the user.

    Attributes:
        whole: whether the trial at work can be kept as it is: False in the midst of a step.

    """

    def __init__(
        self, task: TrainingTask, run: RunFolder, timeline: Timeline, last: int, identity: Mapping[str, Any],
        live_settings: LiveSettings, recovery: Recovery, loader: ExampleLoader, logger: MetricLogger,
        clock: CheckpointClock, processes: Processes, say: Callable[[str, Literal["info", "warning"]], None],
    ) -> None:  # fmt: skip
        self._task, self._run, self._timeline, self._last = task, run, timeline, last
        self._identity, self._live_settings = identity, live_settings
        self._recovery, self._loader = recovery, loader
        self._logger, self._clock, self._processes, self._say = logger, clock, processes, say
        self._wanted = task.trials(last)
        self._asked = getattr(live_settings.planned, self._wanted.setting) if self._wanted is not None else None
        self._file, self._unfinished = run.path / "trials.json", Checkpoints(run.path / "trials", keep=1)
        self._chosen: float | None = None
        self._state: TrainState | None = None
        self._numbers: list[dict[str, float]] = []
        self._told = 0.0
        self.whole = True

    def begin(self, step: int) -> bool:
        """Take up what was found before; returns whether there is something to be tried still.

        Args:
            step: at which the run stands. Only one that has not begun tries anything; and only there does it count that
                the plan is another by now.

        """
        self._read(begun=step > 0)
        if step > 0:
            self.leave()  # whatever was going on: it is over
        return self._wanted is not None and self._chosen is None and step == 0 and not self.overruled

    @property
    def overruled(self) -> bool:
        """Whether somebody has set by hand what would be tried."""
        return self._wanted is not None and self._wanted.setting in self._live_settings.change_log.at(0).settings

    def work(self) -> Generator[bool | None, None, None]:
        """Try what is left to be tried, and choose; yields True between two steps, and None at every other breath.

        Raises:
            StudioError: an example could not be prepared; or none of the values will do.
            WriteError: what was found could not be written down.

        """
        assert self._wanted is not None
        wanted, before = self._wanted, generator_state(self._processes.device)
        try:
            if not (self._task.tried or self._unfinished.all()):
                values = ", ".join(f"{value:g}" for value in wanted.values)
                self._say(f"{wanted.title}: {values} are tried first, for {wanted.steps} steps each.", "info")
            while len(self._task.tried) < len(wanted.values):
                try:
                    trial = yield from self._try(wanted)
                except Exception as error:
                    if not is_out_of_memory(error):
                        raise
                    trial = None
                self._state, self._numbers, self.whole = None, [], True
                if trial is None:  # outside of the except block, whose traceback holds on to the step's tensors
                    self._recovery.out_of_memory(self._timeline.at(0), self._live_settings.micro_batches(0))
                else:
                    self._task.tried = (*self._task.tried, trial)
                    self._write(wanted)
        finally:
            restore_generators(before, self._processes.device)
        try:
            self._chosen, words = self._task.choose(self._task.tried)
        except Exception:
            self.give_up()  # who changes something, and resumes, shall have them tried anew
            raise
        self._write(wanted)
        self._settle(wanted.setting, self._chosen)
        self._say(words, "info")
        self.leave()

    @property
    def progress(self) -> Progress:
        """How far the trial at work has come."""
        assert self._wanted is not None
        done = self._state.standing.step if self._state is not None else 0
        return Progress(f"{self._wanted.title}: trying {self._value(self._wanted):g}", done, self._wanted.steps)

    def keep(self) -> None:
        """Save the trial at work, so that it need not begin again; several processes begin it again."""
        if self._state is None or self._wanted is None or self._processes.world > 1:
            return
        began = time.monotonic()
        number = len(self._task.tried)
        state = {
            "identity": dict(self._identity), "number": number, "trainee": self._state.state_dict(),
            "numbers": list(self._numbers),
        }  # fmt: skip
        try:
            self._unfinished.save(number * self._wanted.steps + self._state.standing.step, state)
        except WriteError as error:
            self._say(f"{error.cause} {error.remedy}", "warning")
        self._clock.took(time.monotonic() - began)

    def give_up(self) -> None:
        """Forget what was found: it is not wanted any more."""
        self._task.tried = ()
        self.leave()
        if self._processes.rank == 0:
            self._file.unlink(missing_ok=True)

    def leave(self) -> None:
        """Let go of the trial at work: nobody goes on with it. What was found of others stays."""
        self._state, self._numbers = None, []
        if self._processes.rank == 0:
            shutil.rmtree(self._run.path / "trials", ignore_errors=True)

    # -- one value ---------------------------------------------------------------------------------------------------

    def _try(self, wanted: Trials) -> Generator[bool | None, None, Trial]:
        """Let a copy learn with the next value, and measure it."""
        value = wanted.values[len(self._task.tried)]
        if self._state is None:
            self._state = self._begun(wanted, value)
        state, several = self._state, len(self._task.networks) > 1
        while state.standing.step < wanted.steps:
            config = self._timeline.at(state.standing.step)
            rate, micro_batches = self._live_settings.rate(config), self._live_settings.micro_batches(0)
            self.whole = False
            report = yield from state.take(self._loader, config, rate=rate, micro_batches=micro_batches)
            self.whole = True
            if report.diverged is not None:
                return Trial(value, diverged=True)
            if state.standing.step > (1.0 - TRIAL_MEASURED) * wanted.steps:
                self._numbers.append(report.numbers(several=several))
            self._tell(wanted)
            if self._clock.due():
                self.keep()
            yield True
        evaluator = Evaluator(
            self._run, state, self._logger, self._processes, self._live_settings.settings.seed,
            lambda message: self._say(message, "warning"),
        )  # fmt: skip
        config = self._timeline.at(wanted.steps - 1)
        mine = self._processes.share_of(config.batch)
        shown = state.shown(config, max(1, mine // self._live_settings.micro_batches(0)))
        measured = yield from evaluator.measure(shown)
        names = {name for numbers in self._numbers for name in numbers}
        means = {name: _mean([numbers[name] for numbers in self._numbers if name in numbers]) for name in sorted(names)}
        return Trial(value, means, measured)

    def _begun(self, wanted: Trials, value: float) -> TrainState:
        """Return a copy that is about to learn with a value, or that goes on where a pause has interrupted it."""
        task = self._task.copied()
        settings = self._live_settings.planned.model_copy(update={wanted.setting: value})
        task.adopt(settings)
        state = TrainState(task, settings, self._processes, self._last)
        if self._processes.world == 1:
            self._unfinished.tidy()
            _, kept, _ = self._unfinished.newest_good()
            if kept and kept["number"] == len(self._task.tried) and self._is_the_plan(kept["identity"]):
                state.load_state_dict(kept["trainee"])
                self._numbers = list(kept["numbers"])
            else:
                self._unfinished.abandon_after(-1)
        return state

    # -- what is known -----------------------------------------------------------------------------------------------

    def _settle(self, setting: str, chosen: float) -> None:
        """Go on as if the plan had said so."""
        planned = self._live_settings.planned
        self._live_settings.planned = planned.model_copy(update={setting: chosen})

    def _is_the_plan(self, identity: Mapping[str, Any]) -> bool:
        return not changes_between(identity, self._identity, type(self._live_settings.planned))

    def _read(self, *, begun: bool) -> None:
        """Take up trials.json: of the main process, for all.

        What was chosen holds however long the run is to be by now, unless a number was set in its place since.
        """
        table: dict[str, Any] = {}
        if self._processes.rank == 0 and self._file.exists():
            table = json.loads(self._file.read_text(encoding="utf-8"))
        table = self._processes.broadcast(table)
        if not table or not (begun or self._is_the_plan(table["identity"])):
            return
        if getattr(self._live_settings.planned, table["setting"], None) != table["asked"]:
            return
        self._chosen = table["chosen"]
        self._task.tried = tuple(
            Trial(one["value"], _finite_or_nan(one["numbers"]), _finite_or_nan(one["measured"]), one["diverged"])
            for one in table["tried"]
        )
        if self._chosen is not None:
            self._settle(table["setting"], self._chosen)

    def _write(self, wanted: Trials) -> None:
        if self._processes.rank == 0:
            tried = [_plain(asdict(one)) for one in self._task.tried]
            table = {"format": 1, "identity": dict(self._identity), "setting": wanted.setting,
                     "asked": self._asked, "tried": tried, "chosen": self._chosen}  # fmt: skip
            write_file(self._file, json.dumps(table, indent=1, allow_nan=False, ensure_ascii=False).encode())

    def _tell(self, wanted: Trials) -> None:
        """Let those who watch the log see that it goes on."""
        if time.monotonic() - self._told > _TOLD_EVERY_S:
            self._told = time.monotonic()
            progress = self.progress
            stage = f"Trying {self._value(wanted):g} · {progress.done / progress.total:.0%}"
            self._logger.event("pace", 0, stage=stage, total=self._last, examples=self._timeline.counts[0])

    def _value(self, wanted: Trials) -> float:
        """Return what is being tried."""
        return wanted.values[min(len(self._task.tried), len(wanted.values) - 1)]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _plain(value: Any) -> Any:
    """JSON knows no NaN and no infinity: None stands for them."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _finite_or_nan(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in values.items()}
