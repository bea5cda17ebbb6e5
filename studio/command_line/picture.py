"""One painting, from the files that go in to the file that comes out: what `stylize` and `replay` share."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

from studio.command_line.exit_codes import DONE, INTERRUPTED
from studio.command_line.failing import tell_failure
from studio.command_line.flags import CommandParser, check_place
from studio.command_line.reporting import Reporter, reporter
from studio.command_line.running import Interrupted, run_job, stoppable
from studio.core.atomic import write_error
from studio.core.controls import Controls
from studio.core.failures import Failure, StudioError, explain
from studio.core.images import save_picture
from studio.core.library import Library
from studio.core.picture_saving import SUFFIXES
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders
from studio.jobs import catalog

Facts: TypeAlias = dict[str, Any]
"""What a command adds to the result event."""


@dataclass(frozen=True, slots=True)
class RunCommand:
    """What to paint: `load` opens the pictures; `inspect` may look at the saved result and add facts about it."""

    controls: Controls[StyleSettings]
    load: Callable[[], PictureRequest]
    inspect: Callable[[PictureResult, Reporter], Facts] = lambda painted, reporter: {}


def check_output(output: Path, inputs: Sequence[Path], parser: CommandParser) -> None:
    """End the program with exit code 2 when `output` is no picture file, would overwrite an input, or has no place.

    Asked before the work begins: nobody wants to hear of it after a minute's painting.
    """
    if output.suffix.lower() not in SUFFIXES:
        parser.error(f"argument -o: “{output.name}” has to end in one of {', '.join(SUFFIXES)}")
    if output.is_dir():
        parser.error(f"argument -o: {output} is a folder")
    if output.exists() and any(path.exists() and path.samefile(output) for path in inputs):
        parser.error(f"argument -o: {output} goes in, and would be overwritten")
    check_place(output, parser)


class PaintingCommand:
    """Paints, reports, saves, and turns every ending into an exit code.

    Args:
        output: where the painting goes.
        events: report as JSON lines.
        debug: print the traceback of a failure.
        started: when the program started, on `perf_counter`'s clock.

    """

    def __init__(self, output: Path, *, events: bool, debug: bool, started: float) -> None:
        self._output = output
        self._debug = debug
        self._started = started
        self._reporter: Reporter = reporter(events=events, started=started)

    def run(self, prepare: Callable[[], RunCommand]) -> int:
        """Paint what `prepare` orders; whatever goes wrong is told."""
        try:
            with self._reporter:
                order = prepare()
                with stoppable(order.controls):
                    self._paint(order)
                return INTERRUPTED if order.controls.finishing else DONE
        except Interrupted:
            self._tell(Failure("Interrupted before anything was painted.", "Nothing was written.", ""))
            return INTERRUPTED
        except Exception as error:
            failure = explain(error)
        return self._tell(failure)

    def _paint(self, order: RunCommand) -> None:
        task = order.load()
        job = catalog.start("stylize", task, order.controls)
        painted: PictureResult = run_job(job, order.controls, self._reporter)
        self._keep(task, painted)
        facts = self._facts(painted) | order.inspect(painted, self._reporter)
        self._reporter.result(str(self._output), **facts)

    def _tell(self, failure: Failure) -> int:
        self._reporter.failed(failure)
        return tell_failure(failure, debug=self._debug)

    def _keep(self, task: PictureRequest, painted: PictureResult) -> None:
        try:
            self._output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self._output, error) from error
        save_picture(self._output, painted.picture, recipe=painted.recipe, icc_profile=task.photo.icc_profile)
        library = Library(UserFolders.standard().library)
        with suppress(StudioError):  # a convenience for `replay`; the painting itself is safe
            for used in (picture for pictures in task.inputs.values() for picture in pictures):
                library.keep_input(used)

    def _facts(self, painted: PictureResult) -> Facts:
        height, width = painted.picture.shape[:2]
        seconds = round(perf_counter() - self._started, 3)
        return {"width": width, "height": height, "finished": painted.finished, "seconds": seconds}
