"""`atelier train`: a new run, or an old one gone on with, on one device, on several, or on several computers."""

import shlex
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from studio.command_line.exit_codes import DONE, FAILED, INTERRUPTED
from studio.command_line.failing import tell_failure
from studio.command_line.reporting import Reporter, Silent, reporter
from studio.command_line.running import Interrupted, stoppable
from studio.command_line.train_arguments import Asked, read_arguments
from studio.core.controls import Controls
from studio.core.events import Job, Log, finish
from studio.core.failures import Failure, StudioError, explain
from studio.core.own_program import own_command
from studio.training.launcher import Launcher, announce, in_launcher, launched_from_outside
from studio.training.run_folder import RunPlan, TrainedRun
from studio.training.settings import TrainingSettings
from studio.training.time_estimate import length_in_words

if TYPE_CHECKING:
    from studio.training.data.inspection import DataReport, Finding
    from studio.training.processes import Processes

R = TypeVar("R")

_MOST_EXAMINED = 20_000
"""More pictures than this take the doctor minutes, and a run begun by command line may be one of many."""


def train(arguments: Sequence[str]) -> int:
    """Train a network, and keep the run in a folder."""
    started = perf_counter()
    return TrainCommand(read_arguments(arguments), arguments, started).run()


class TrainCommand:
    """One sitting of a run, in this process and in those that train with it; turns every ending into an exit code.

    Only the main process writes the folder and speaks. The others leave word of what goes wrong with them.
    """

    def __init__(self, asked: Asked, arguments: Sequence[str], started: float) -> None:
        self._asked = asked
        self._command = own_command("train", *arguments)
        self._started = started
        self._reporter: Reporter = Silent()
        if asked.is_main:
            self._reporter = reporter(events=asked.where.events, started=started, numbers=True)

    def run(self) -> int:
        """Train; whatever goes wrong is told."""
        controls = Controls(self._asked.settings)
        try:
            with self._reporter, stoppable(controls):
                if self._asked.to_measure is not None:
                    return self._foretell(self._asked.to_measure(), controls)
                return self._conclude(self._train(controls))
        except Interrupted:
            self._tell(Failure("Stopped at once.", self._how_to_go_on("the last checkpoint"), ""))
            return INTERRUPTED
        except Exception as error:
            failure = explain(error)
        self._tell(failure)
        return FAILED

    def _foretell(self, plan: RunPlan, controls: Controls[TrainingSettings]) -> int:
        """Say what a run would cost, as its first steps tell."""
        from studio.jobs.rehearse import rehearse_run

        found = self._told(rehearse_run(plan, controls), controls)
        if found is None:
            return INTERRUPTED
        measured = found.rehearsed
        numbers = {
            "steps": found.steps, "seconds": round(found.estimate.seconds), "measured": measured.steps,
            "milliseconds_a_step": round(1000 * measured.step), "memory": measured.memory,
        }  # fmt: skip
        self._reporter.report(length_in_words(found.steps, found.estimate).rstrip("."), numbers, ())
        return DONE

    def _examine(self, controls: Controls[TrainingSettings]) -> None:
        """Say what the doctor warns of, before anything waits; what is left out is told where it is opened."""
        from studio.jobs.examine import TogetherTask, examine_data, examine_together
        from studio.training.data.sources import counting_data

        reports: list[DataReport] = []
        places = self._asked.data if self._asked.is_main else ()
        for task in places:
            with suppress(StudioError):  # which stands in the run's log, when that is opened
                count = finish(counting_data(task.sources, task.reading))
                if count.pictures > _MOST_EXAMINED:
                    self._reporter.note(f"{count.pictures:,} pictures are too many for the doctor to look at first.")
                elif (report := self._told(examine_data(task, controls), controls)) is not None:
                    reports.append(report)
                    self._warn(report.findings)
        if self._asked.are_worlds and len(reports) == len(places) > 1:
            together = examine_together(TogetherTask(places, tuple(reports), paired=False), controls)
            if (found := self._told(together, controls)) is not None:
                self._warn(found.findings)

    def _told(self, job: Job[R], controls: Controls[TrainingSettings]) -> R | None:
        """Run a job and say what it says; None where somebody would rather stop."""
        while not controls.finishing:
            try:
                self._reporter.say(next(job))
            except StopIteration as end:
                result: R = end.value
                return result
        return None

    def _warn(self, findings: "Sequence[Finding]") -> None:
        from studio.training.data.inspection import LEFT_OUT

        for found in findings:
            if found.severity == "warning" and found.kind not in LEFT_OUT:
                self._reporter.say(Log(found.sentence, "warning"))

    def _train(self, controls: Controls[TrainingSettings]) -> TrainedRun:
        self._examine(controls)
        with ExitStack() as together:
            processes = self._meet(together)
            try:
                processes.share_of(self._asked.settings.batch)
                if self._asked.is_main:  # not before it is clear that there is something to compute on
                    self._asked.prepare()
                processes.barrier()
                return self._work(controls, processes)
            except Exception as error:
                processes.leave_word(explain(error))
                raise

    def _work(self, controls: Controls[TrainingSettings], processes: "Processes") -> TrainedRun:
        from studio.jobs.train import train as train_job

        job = train_job(self._asked.request, controls, processes=processes)
        try:
            while not controls.cancelled:
                self._reporter.say(next(job))
        except StopIteration as end:
            trained: TrainedRun = end.value
            return trained
        processes.abandon()  # where there are others: their part in a last checkpoint is not waited for
        with suppress(StudioError):
            job.close()
        raise Interrupted

    # -- who trains --------------------------------------------------------------------------------------------------

    def _meet(self, together: ExitStack) -> "Processes":
        """Find the other processes, or start them; `together` parts from them in the end."""
        devices, nodes = self._devices_and_nodes()
        launcher = None
        if devices * nodes > 1 and launched_from_outside() is None and not in_launcher():
            launcher = together.enter_context(Launcher(self._command, devices=devices, nodes=nodes))
            together.callback(self._tell_who_was_killed, launcher)
        from studio.training.processes import Processes  # torch: while it loads here, it loads there too

        announce()
        if launcher is not None:
            launcher.wait_for_all()
        return together.enter_context(
            Processes(
                self._asked.where.accelerator,
                devices=devices,
                nodes=nodes,
                precision=self._asked.settings.precision,
                timeout=self._asked.where.timeout,
            )
        )

    def _tell_who_was_killed(self, launcher: Launcher) -> None:
        for line in launcher.killed():
            self._reporter.note(line)

    def _devices_and_nodes(self) -> tuple[int, int]:
        outside = launched_from_outside()
        asked = (self._asked.where.devices, self._asked.where.num_nodes)
        if outside is None:
            return asked[0] or 1, asked[1] or 1
        if any(mine not in (None, theirs) for mine, theirs in zip(asked, outside, strict=True)):
            raise StudioError(
                f"{outside[0]} process(es) were started on each of {outside[1]} computer(s), not what was asked for.",
                "Leave out --devices and --num-nodes: torchrun and srun say how many there are.",
            )
        return outside

    # -- how it ends -------------------------------------------------------------------------------------------------

    def _conclude(self, trained: TrainedRun) -> int:
        """Say what came of it."""
        finished = trained.model is not None and trained.state in ("finished", "stopped")
        self._reporter.result(
            str(trained.model if finished else trained.folder),
            state=trained.state,
            finished=finished,
            step=trained.step,
            seconds=round(perf_counter() - self._started, 3),
        )
        if finished:
            return DONE
        self._reporter.note(self._how_to_go_on(f"step {trained.step}"))
        return INTERRUPTED

    def _how_to_go_on(self, place: str) -> str:
        command = shlex.join(["atelier", "train", "--resume", str(self._asked.folder)])
        return f"To go on from {place}: {command}"

    def _tell(self, failure: Failure) -> None:
        self._reporter.failed(failure)
        if self._asked.is_main or self._asked.where.debug:
            tell_failure(failure, debug=self._asked.where.debug)
