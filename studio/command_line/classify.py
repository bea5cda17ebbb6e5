"""`atelier classify`: what a classifier of one's own says of pictures."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from studio.command_line.exit_codes import DONE, INTERRUPTED
from studio.command_line.flags import CommandParser
from studio.command_line.reporting import JsonLines, reporter
from studio.command_line.running import concluded, run_job, stoppable
from studio.core.controls import Controls
from studio.core.settings import Settings
from studio.core.trained_models import TrainedModels
from studio.core.verdicts import ClassifyTask, Verdict
from studio.jobs import catalog


def classify(arguments: Sequence[str]) -> int:
    """Say what pictures show."""
    started = perf_counter()
    parser = CommandParser(
        "classify",
        "Say what pictures show: the likeliest classes and their probabilities, by a classifier that you trained\n"
        "with `atelier train classifier`.",
        "IMAGE… --model NAME|FILE|RUN [--top N]",
    )
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="pictures, or folders of them")
    parser.add_argument(
        "--model", metavar="NAME|FILE|RUN", required=True,
        help="a classifier: its name in the models folder, its file, or the run that trained it",
    )  # fmt: skip
    parser.add_argument("--top", metavar="N", type=int, default=3, help="how many classes to name (default: 3)")
    parser.add_events_flag()
    asked = parser.read(arguments)
    if asked.top < 1:
        parser.error("argument --top: name at least 1 class")
    known = (model.name for model in TrainedModels.standard("classifier").all())
    if not Path(asked.model).expanduser().exists() and asked.model not in known:
        parser.error(f"argument --model: {asked.model} is not there")
    controls, told = Controls(Settings()), reporter(events=asked.events, started=started)

    verdicts: list[Verdict] = []

    def work() -> int:
        from studio.training.data.listing import find_pictures

        with stoppable(controls):
            task = ClassifyTask(tuple(find_pictures(asked.images)), asked.model)
            verdicts.extend(run_job(catalog.start("classify", task, controls), controls, told, in_parts=True))
        if isinstance(told, JsonLines):
            for verdict in verdicts:
                told.result(str(verdict.picture), said=verdict.said, chances=dict(verdict.chances))
        return INTERRUPTED if controls.finishing else DONE

    code = concluded(told, work, debug=asked.debug)
    if not asked.events:
        _print(verdicts, asked.top)
    return code


def _print(verdicts: Sequence[Verdict], top: int) -> None:
    """One picture a line: easy to read, and easy to cut up (columns are separated by tabs)."""
    for verdict in verdicts:
        chances = (f"{name} {chance:.1%}" for name, chance in verdict.chances[:top])
        print(verdict.picture, *chances, sep="\t")
