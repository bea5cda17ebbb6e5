"""`atelier frames`: a folder of pictures to learn from, out of a video."""

import argparse
from collections.abc import Sequence
from time import perf_counter

from studio.command_line.exit_codes import DONE, INTERRUPTED
from studio.command_line.flags import CommandParser, check_place, named_path
from studio.command_line.reporting import reporter
from studio.command_line.running import concluded, run_job, stoppable
from studio.core.controls import Controls
from studio.core.settings import Settings
from studio.jobs import catalog
from studio.jobs.frames import FramesTask


def frames(arguments: Sequence[str]) -> int:
    """Make a folder of pictures out of a video."""
    started = perf_counter()
    parser = CommandParser(
        "frames", "Make a folder of pictures to learn from out of a video; what was there already is left out.",
        "VIDEO -o DIR [--rate N] [--differ X]",
    )  # fmt: skip
    parser.add_argument("video", metavar="VIDEO", type=named_path, help="a video file")
    parser.add_argument("-o", "--output", metavar="DIR", type=named_path, required=True, help="a folder")
    parser.add_argument(
        "--rate", metavar="N", type=_above_nothing, default=2.0,
        help="so many frames a second are looked at [default: 2]",
    )  # fmt: skip
    parser.add_argument(
        "--differ", metavar="X", type=_above_nothing, default=8.0,
        help="how far, in levels of 255, each is from all others at least [default: 8]",
    )  # fmt: skip
    parser.add_events_flag()
    asked = parser.read(arguments)
    if not asked.video.is_file():
        parser.error(f"argument VIDEO: {asked.video} is not there")
    check_place(asked.output, parser)
    if asked.output.exists() and not asked.output.is_dir():
        parser.error(f"argument -o: {asked.output} is a file, not a folder")
    controls = Controls(Settings())
    told = reporter(events=asked.events, started=started)

    def work() -> int:
        task = FramesTask(asked.video, asked.output, asked.rate, asked.differ)
        with stoppable(controls):
            taken = run_job(catalog.start("take_frames", task, controls), controls, told, in_parts=True)
        told.result(str(asked.output), seen=taken.seen, pictures=taken.taken)
        return INTERRUPTED if controls.finishing else DONE

    return concluded(told, work, debug=asked.debug)


def _above_nothing(text: str) -> float:
    try:
        if 0.0 < (number := float(text)) <= 1000.0:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{text}” is not a number above 0")
