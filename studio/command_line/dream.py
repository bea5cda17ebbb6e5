"""`atelier generate`, `interpolate`, `project`, `directions`, `encoder`: what a generator makes, and finds again."""

import argparse
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from studio.command_line.exit_codes import DONE, INTERRUPTED
from studio.command_line.flags import CommandParser, check_place, named_path
from studio.command_line.reporting import JsonLines, Reporter, reporter
from studio.command_line.running import Interrupted, concluded, run_job, stoppable
from studio.core import video
from studio.core.atomic import write_error
from studio.core.controls import Controls
from studio.core.dreams import (
    CheckTask,
    DirectionsFound,
    DirectionsTask,
    Dream,
    EncoderTask,
    GenerateTask,
    InterpolateTask,
    Mirrored,
    Projected,
    ProjectTask,
    recipe_of,
    seeds_in,
)
from studio.core.events import Picture
from studio.core.file_names import expanded
from studio.core.images import save_picture
from studio.core.picture_saving import SUFFIXES
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.trained_models import TrainedModels
from studio.jobs import catalog

_WRITTEN = frozenset({*SUFFIXES, *video.SUFFIXES})
_PLAYED = 25.0
"""Frames a second."""


def generate(arguments: Sequence[str]) -> int:
    """Make pictures of seeds."""
    command = _Command(
        "generate",
        "Make pictures up: one of every seed. The same seed is the same picture.",
        "--model NAME|FILE|RUN --seeds 0-63 -o DIR|GRID.png",
    )
    command.add_seeds("0-63")
    command.add_output("DIR|GRID.png", "a folder, for one PNG a seed; or a picture, for all of them side by side")
    command.add_typical()
    command.parser.add_argument("--columns", metavar="N", type=_count, help="of the grid [default: as many as rows]")
    command.parser.add_argument(
        "--check", action="store_true",
        help="tell how honest they are instead: copies, twins, what is left out; -o is a sheet of those that come "
        "nearest to what was learnt, each above its neighbour",
    )  # fmt: skip
    command.parser.add_argument(
        "--data", metavar="DIR", type=named_path, nargs="+", default=[],
        help="with --check: the pictures that it learnt from [default: those of the run]",
    )  # fmt: skip
    asked = command.read(arguments)
    output: Path = asked.output
    if asked.check:
        if not _is_picture(output):
            command.parser.error(f"argument -o: with --check it is a picture ({', '.join(SUFFIXES)})")
        if len(asked.seeds) < 2:
            command.parser.error("argument --seeds: to check takes many, best as many as were kept for checking")
        return command.run("check_generator", CheckTask(asked.model, asked.seeds, tuple(asked.data)), _mirrored(output))
    task = GenerateTask(asked.model, asked.seeds, asked.typical)

    def keep(dreams: tuple[Dream, ...], told: Reporter) -> None:
        if _is_picture(output):
            seeds = [dream.seed for dream in dreams]
            recipe = recipe_of(seeds, task.typical, dreams[0].recipe.weights[0])
            _save(output, _grid([dream.picture for dream in dreams], asked.columns), recipe)
            told.result(str(output), pictures=len(dreams))
            return
        digits = max(4, len(str(max(task.seeds))))
        for dream in dreams:
            _save(output / f"{dream.seed:0{digits}}.png", dream.picture, dream.recipe)
        told.result(str(output), pictures=len(dreams))

    return command.run("generate", task, keep)


def interpolate(arguments: Sequence[str]) -> int:
    """Make a walk from seed to seed."""
    command = _Command(
        "interpolate",
        "Walk from seed to seed: a video, or its frames.",
        "--model NAME|FILE|RUN --seeds 1,5,9 -o WALK.mp4|DIR [--loop]",
    )
    command.add_seeds("1,5,9")
    command.add_output("WALK.mp4|DIR", "a video (.mp4, .avi), or a folder for its frames as PNG")
    command.add_typical()
    add = command.parser.add_argument
    add("--loop", action="store_true", help="come back to the first: the end joins the beginning")
    add("--frames", metavar="N", type=_count, default=50, help="from one seed to the next [default: 50, two seconds]")
    add(
        "--curve", choices=["slerp", "line", "spline"], default="slerp",
        help="along arcs of z, or straight or without corners through w [default: slerp]",
    )  # fmt: skip
    add("--soft", action="store_true", help="set off and arrive softly at every seed")
    asked = command.read(arguments)
    if len(asked.seeds) < 2:
        command.parser.error("argument --seeds: a walk needs two seeds at least")
    output: Path = asked.output
    if output.suffix.lower() in SUFFIXES:
        command.parser.error(f"argument -o: a walk is a video ({', '.join(video.SUFFIXES)}) or a folder of frames")
    task = InterpolateTask(
        asked.model, asked.seeds, asked.frames, asked.loop, asked.curve, asked.soft, asked.typical
    )  # fmt: skip

    def keep(frames: tuple[Picture, ...], told: Reporter) -> None:
        if output.suffix.lower() in video.SUFFIXES:
            video.write_video(output, frames, rate=_PLAYED)
        else:
            for number, frame in enumerate(frames):
                _save(output / f"{number:05}.png", frame, None)
        told.result(str(output), frames=len(frames))

    return command.run("interpolate", task, keep)


def project(arguments: Sequence[str]) -> int:
    """Look for pictures in what a generator knows."""
    command = _Command(
        "project",
        "Look for pictures in what a generator knows: the nearest that it can make.",
        "IMAGE… --model NAME|FILE|RUN -o OUT.png",
    )
    add = command.parser.add_argument
    add("images", metavar="IMAGE", type=named_path, nargs="+", help="pictures; the square in their middle counts")
    command.add_output("OUT.png|DIR", "a sheet, what was given above what was found; or a folder, for what was found")
    add("--steps", metavar="N", type=_count, default=200, help="how long each is looked for [default: 200]")
    add(
        "--prior", metavar="X", type=_amount, default=1.0,
        help="how much it counts that what is found is typical [default: 1]",
    )  # fmt: skip
    asked = command.read(arguments)
    for image in asked.images:
        if not image.is_file():
            command.parser.error(f"argument IMAGE: {image} is not there")
    output: Path = asked.output
    task = ProjectTask(asked.model, tuple(asked.images), max(2, asked.steps), asked.prior)

    def keep(found: tuple[Projected, ...], told: Reporter) -> None:
        if _is_picture(output):
            rows = [np.concatenate([one.given for one in found], axis=1)]
            rows.append(np.concatenate([one.found for one in found], axis=1))
            _save(output, np.concatenate(rows), None)
        for one in found:
            path = output if _is_picture(output) else output / f"{one.path.stem}.png"
            if path != output:
                _save(path, one.found, None)
            facts = {"given": str(one.path), "similarity": round(one.similarity, 4)}
            _tell(told, path, facts, [f"{one.path}\t{one.similarity:.0%} alike"])

    return command.run("project", task, keep)


def directions(arguments: Sequence[str]) -> int:
    """Find directions along which a generator's pictures change."""
    command = _Command(
        "directions",
        "Find directions along which a generator's pictures change most, and show what each does.",
        "--model NAME|FILE|RUN [-o SHEET.png] [--method styles|features|weights]",
    )
    command.add_output("SHEET.png", "a row for each, from one end to the other", required=False)
    add = command.parser.add_argument
    add(
        "--method", choices=["styles", "features", "weights"], default="styles",
        help="principal components of w or of a stage's features (GANSpace), or by the weights (SeFa) "
        "[default: styles]",
    )  # fmt: skip
    add("--count", metavar="N", type=_count, default=8, help="how many [default: 8]")
    add("--stage", metavar="N", type=_whole, default=1, help="whose features, 0 is the coarsest [default: 1]")
    add("--seed", metavar="N", type=_whole, default=0, help="of the picture that shows them [default: 0]")
    add("--reach", metavar="X", type=_amount, default=3.0, help="how far, in deviations [default: 3]")
    asked = command.read(arguments)
    if asked.output is not None and not _is_picture(asked.output):
        command.parser.error(f"argument -o: a sheet is a picture ({', '.join(SUFFIXES)})")
    task = DirectionsTask(asked.model, asked.method, asked.count, asked.stage, asked.seed, asked.reach)

    def keep(found: DirectionsFound, told: Reporter) -> None:
        if asked.output is not None and found.rows:
            _save(asked.output, np.concatenate(found.rows), None)
        lines = [f"{number}\t{share:.1%} of what changes" for number, share in enumerate(found.shares, 1)]
        _tell(told, asked.output or "", {"shares": [round(share, 4) for share in found.shares]}, lines)

    return command.run("directions", task, keep)


def encoder(arguments: Sequence[str]) -> int:
    """Teach an encoder, from which looking for pictures begins."""
    command = _Command(
        "encoder",
        "Teach a generator's encoder to guess where pictures lie: looking for them begins there. Takes minutes.",
        "--model NAME|FILE|RUN [-o FILE.safetensors]",
    )
    command.add_output(
        "FILE.safetensors", "the generator and its encoder as one file [default: kept for this computer]",
        required=False,
    )  # fmt: skip
    command.parser.add_argument(
        "--steps", metavar="N", type=_count, default=1000, help="how long it learns [default: 1000]"
    )
    asked = command.read(arguments, written={".safetensors"})
    if asked.output is not None and asked.output.suffix.lower() != ".safetensors":
        command.parser.error("argument -o: a generator's file ends in .safetensors")

    def keep(path: Path, told: Reporter) -> None:
        told.result(str(path))

    return command.run("learn_encoder", EncoderTask(asked.model, asked.output, asked.steps), keep)


_WORDS = {"lightness": ("dark", "light"), "warmth": ("cool", "warm"), "colourfulness": ("grey", "colourful")}


def _mirrored(output: Path) -> Callable[[Mirrored, Reporter], None]:
    """Return what keeps the mirror's sheet and tells its numbers."""

    def keep(found: Mirrored, told: Reporter) -> None:
        columns = [np.concatenate(pair) for pair in found.pairs]
        half = -(-len(columns) // 2)
        columns += [np.zeros_like(columns[0])] * (2 * half - len(columns))
        _save(output, np.concatenate([np.concatenate(columns[part : part + half], axis=1) for part in (0, half)]), None)
        different = None if math.isinf(found.different) else round(found.different)
        facts = {"made": dict(found.made), "real": dict(found.real), "ends": dict(found.ends), "count": found.count}
        _tell(told, output, {**facts, "different": different}, _in_words(found))

    return keep


def _in_words(found: Mirrored) -> Iterator[str]:
    """Yield the mirror's numbers in lines, its own beside those of real pictures."""
    made, real = found.made, found.real
    yield f"Of {found.count} of its pictures, beside as many real ones:"
    yield f"kernel distance (KID)\t{made['kid']:.3f}\t{real['kid']:.3f}"
    yield f"lie among real ones\t{made['precision']:.0%}\t{real['precision']:.0%}"
    yield f"of what is real known\t{made['recall']:.0%}\t{real['recall']:.0%}"
    yield f"nearer to what was learnt than 99 % of new ones\t{made['copies']:.1%}"
    known = "more than can be told" if math.isinf(found.different) else f"about {found.different:,.0f} pictures"
    yield f"pairs of twins\t{made['twins']:.0f}\t{real['twins']:.0f}\tas if it knew {known}"
    for name, ends in found.ends.items():
        for words, share in zip(_WORDS[name], ends, strict=True):
            yield f"as {words} as a quarter of the real ones\t{share:.0%}"


def _tell(told: Reporter, path: Path | str, facts: Mapping[str, object], lines: Iterable[str]) -> None:
    """Tell what came of it: its facts as an event, or lines for people."""
    if isinstance(told, JsonLines):
        told.result(str(path), **facts)
    else:
        for line in lines:
            print(line)


class _Command:
    """What the five have in common."""

    def __init__(self, name: str, summary: str, usage: str) -> None:
        self._started = perf_counter()
        self.parser = CommandParser(name, summary, usage)
        self.parser.add_argument(
            "--model", metavar="NAME|FILE|RUN", required=True,
            help="a generator: its name in the models folder, its file, or the run that trained it",
        )  # fmt: skip
        self.parser.add_events_flag()
        self._asked = argparse.Namespace()

    def add_seeds(self, example: str) -> None:
        self.parser.add_argument(
            "--seeds", metavar="N,N-N,…", type=_seeds, required=True,
            help=f"whole numbers and spans, such as {example}",
        )  # fmt: skip

    def add_output(self, metavar: str, help: str, *, required: bool = True) -> None:
        self.parser.add_argument("-o", "--output", metavar=metavar, type=named_path, required=required, help=help)

    def add_typical(self) -> None:
        self.parser.add_argument(
            "--typical", metavar="X", type=_amount, default=1.0,
            help="below 1 nearer to the most typical picture, above 1 stranger [default: 1]",
        )  # fmt: skip

    def read(self, arguments: Sequence[str], written: Collection[str] = _WRITTEN) -> argparse.Namespace:
        """Read the arguments; wrong ones end the program with exit code 2.

        Args:
            arguments: of the command.
            written: how a file may end; what ends otherwise is a folder.

        """
        self._asked = asked = self.parser.read(arguments)
        known = (model.name for model in TrainedModels.standard("generator").all())
        if not expanded(asked.model).exists() and asked.model not in known:
            self.parser.error(f"argument --model: {asked.model} is not there")
        if asked.output is not None:
            check_place(asked.output, self.parser)
            is_folder = asked.output.suffix.lower() not in written
            if asked.output.exists() and asked.output.is_dir() is not is_folder:
                kind = "a file, not a folder" if is_folder else "a folder, not a file"
                self.parser.error(f"argument -o: {asked.output} is {kind}")
        return asked

    def run(self, job: str, task: Any, keep: Callable[[Any, Reporter], None]) -> int:
        """Run a job, and keep what came of it; returns the exit code."""
        controls = Controls(Settings())
        told = reporter(events=self._asked.events, started=self._started)

        def work() -> int:
            with stoppable(controls):
                made = run_job(catalog.start(job, task, controls), controls, told, in_parts=True)
            if not made:
                raise Interrupted  # before there was anything to keep
            keep(made, told)
            return INTERRUPTED if controls.finishing else DONE

        return concluded(told, work, debug=self._asked.debug)


def _grid(pictures: Sequence[Picture], columns: int | None) -> Picture:
    """Put pictures of one size side by side; places that are left over are black."""
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    columns = min(columns, len(pictures))
    height, width = pictures[0].shape[:2]
    sheet = np.zeros((math.ceil(len(pictures) / columns) * height, columns * width, 3), np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + height, left : left + width] = picture
    return sheet


def _save(path: Path, picture: Picture, recipe: Recipe | None) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    save_picture(path, picture, recipe=recipe)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return seeds_in(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from 0 on")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number from 1 to 100,000")
    return int(text)


def _amount(text: str) -> float:
    try:
        if 0.0 <= (amount := float(text)) <= 100.0:
            return amount
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{text}” is not a number from 0 to 100")
