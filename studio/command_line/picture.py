"""A command for every picture task: from the files that go in to the file that comes out."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias, get_args

from studio.command_line.exit_codes import DONE, INTERRUPTED
from studio.command_line.flags import CommandParser, add_settings, check_place, named_path, settings_from
from studio.command_line.reporting import Reporter, reporter
from studio.command_line.running import concluded, run_job, stoppable
from studio.core.atomic import write_error
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.failures import Failure, StudioError
from studio.core.images import load_picture, metadata_of, save_picture
from studio.core.library import Library
from studio.core.looks import built_in_looks
from studio.core.photo_metadata import MetadataChoice
from studio.core.picture_saving import SUFFIXES
from studio.core.picture_task import InputSlot, PictureRequest, PictureResult, PictureTask
from studio.core.presets import Look, LookFolder
from studio.core.settings import Settings
from studio.core.user_folders import UserFolders
from studio.jobs import catalog
from studio.jobs.looks import ReadLook, read_look

_SUFFIXES = ".png, .jpg, .tif (16 bits) or .webp"
_OR_FOLDER = "; or a folder, in which the photos' own folders are made again: what is done there already is skipped"

Facts: TypeAlias = dict[str, Any]
"""What a command adds to the result event."""

Files: TypeAlias = Mapping[str, tuple[Path, ...]]
"""What goes in, by role."""


class PictureCommand:
    """`atelier NAME INPUT… -o OUT`: arguments from the task's inputs, flags from its settings.

    Where OUT is a folder, every picture named is a photo, folders stand for all that is below them, and what goes in
    beside the photos is named by flags: `atelier NAME PHOTO|DIR … --style PAINTING … -o DIR`.

    A task that has more to say or to check names a subclass in `PictureTask.command`.

    Args:
        task: what is done.

    """

    def __init__(self, task: PictureTask) -> None:
        self.task = task

    def __call__(self, arguments: Sequence[str]) -> int:
        """Do it; returns the exit code."""
        started = perf_counter()
        parser = self.make_parser()
        asked = parser.read(arguments)
        several = bool(self.task.inputs) and _is_folder(asked.output)
        files = self._files_of(asked, parser, several=several) if self.task.inputs else {}
        settings = self.settings_of(asked, parser)
        self.check(settings, files, parser)
        if several:
            check_place(asked.output / "any", parser)
            from studio.command_line.picture_batch import BatchMaker, BatchOrder

            order = BatchOrder(self.task, files, settings, asked.output, f".{asked.format}", asked.metadata)
            return BatchMaker(events=asked.events, debug=asked.debug, started=started).make(order)
        check_output(asked.output, [path for paths in files.values() for path in paths], parser)
        inspect = self.inspecting(asked, settings, files, parser)

        def load() -> PictureRequest:
            return PictureRequest({role: tuple(map(load_picture, paths)) for role, paths in files.items()})

        maker = PictureMaker(
            asked.output, events=asked.events, debug=asked.debug, started=started,
            metadata=asked.metadata if self.task.inputs else "keep",
        )  # fmt: skip
        return maker.make(lambda: PictureOrder(self.task, Controls(settings), load, inspect))

    @property
    def summary(self) -> str:
        """What the command's help begins with."""
        return f"{self.task.tooltip}. The recipe goes into the file: see atelier replay."

    @property
    def usage(self) -> str:
        """What stands behind `atelier NAME`."""
        words = (f"{slot.role.upper()}{' …' if slot.most > 1 else ''}" for slot in self.task.inputs)
        optional = (f"[{each}]" if not slot.least else each for slot, each in zip(self.task.inputs, words, strict=True))
        return f"{' '.join(optional)} -o OUT [SETTING …]"

    @property
    def usage_of_batch(self) -> str:
        """What stands behind `atelier NAME` where many pictures are made."""
        flags = (f"--{slot.role} {slot.role.upper()}{' …' if slot.most > 1 else ''}" for slot in self.task.inputs[1:])
        optional = (each if slot.least else f"[{each}]" for slot, each in zip(self.task.inputs[1:], flags, strict=True))
        return " ".join(("PHOTO|DIR …", *optional, "-o DIR [SETTING …]"))

    def make_parser(self) -> CommandParser:
        """Return what reads the arguments."""
        usage = f"{self.usage}\n       atelier {self.task.name} {self.usage_of_batch}"
        parser = CommandParser(self.task.name, self.summary, usage if self.task.inputs else self.usage)
        if self.task.inputs:
            self._add_inputs(parser)
        parser.add_argument(
            "-o", "--output", metavar="OUT", type=named_path, required=True,
            help=_SUFFIXES + (_OR_FOLDER if self.task.inputs else ""),
        )  # fmt: skip
        if self.task.inputs:
            self._add_handling(parser)
        parser.add_argument(
            "--look", metavar="NAME|FILE", default="",
            help="settings to begin with: a look that comes along, one's own, a file, or a picture made here",
        )  # fmt: skip
        self.add_flags(parser)
        parser.add_events_flag()
        add_settings(parser, self.task.settings)
        return parser

    def _add_inputs(self, parser: CommandParser) -> None:
        first, *others = self.task.inputs
        parser.add_argument(
            "pictures", metavar=first.role.upper(), type=named_path, nargs="+",
            help=f"{first.help or first.title}; or several, and folders of them, where OUT is a folder",
        )  # fmt: skip
        for slot in others:
            place = f"; may also stand behind {first.role.upper()}, where OUT is a file"
            parser.add_argument(
                f"--{slot.role}", dest=_destination(slot), metavar=slot.role.upper(), type=named_path, action="extend",
                nargs="+" if slot.most > 1 else 1, default=[], help=(slot.help or slot.title) + place,
            )  # fmt: skip

    def _add_handling(self, parser: CommandParser) -> None:
        """Add what is asked of photos that go in."""
        parser.add_argument(
            "--format", choices=("png", "jpg", "tif", "webp"), default="png",
            help="of the files in a folder [default png]",
        )  # fmt: skip
        parser.add_argument(
            "--metadata", choices=get_args(MetadataChoice), default="keep",
            help="what the photo says of itself (author, rights, date, camera, resolution): kept but for where it was"
            " taken, that as well, or nothing",
        )  # fmt: skip

    def add_flags(self, parser: CommandParser) -> None:
        """Add flags that are no settings."""

    def settings_of(self, asked: argparse.Namespace, parser: CommandParser) -> Settings:
        """Return the settings that the flags ask for; wrong ones end the program with exit code 2."""
        model = self.task.settings
        return settings_from(asked, model, parser, self._look(asked.look, parser).applied_to(model()))

    def _look(self, name: str, parser: CommandParser) -> Look:
        """Return the look called `name`, or that of a file; "" changes nothing."""
        known = {"": Look("", self.task.name, {})}
        if name:
            looks = (*built_in_looks(self.task.name, self.task.settings), *LookFolder.standard().looks(self.task.name))
            known |= {look.name.casefold(): look for look in looks}
        if name.casefold() in known:
            return known[name.casefold()]
        try:
            return finish(read_look(ReadLook(Path(name), self.task), Controls(None)))
        except StudioError as error:
            names = ", ".join(look.name for look in known.values() if look.name)
            parser.error(f"argument --look: {error.cause} There are: {names or 'none'}")

    def check(self, settings: Any, files: Files, parser: CommandParser) -> None:
        """End the program with exit code 2 where these cannot be worked with, before the work begins."""

    def inspecting(
        self, asked: argparse.Namespace, settings: Any, files: Files, parser: CommandParser
    ) -> "Callable[[PictureResult, Reporter], Facts]":
        """Return what looks at a single result once it is saved, and adds facts about it; may end as `check` does."""
        return lambda result, reporter: {}

    def _files_of(self, asked: argparse.Namespace, parser: CommandParser, *, several: bool) -> Files:
        """Tell the pictures apart: by their flags, or else by their places."""
        first, *others = self.task.inputs
        named: dict[str, tuple[Path, ...]] = {slot.role: tuple(getattr(asked, _destination(slot))) for slot in others}
        given: list[Path] = asked.pictures
        if several or any(named.values()):
            if not several and len(given) > 1:
                parser.error(f"argument -o: {len(given)} pictures go into a folder, and {asked.output} is a file")
            files = {first.role: tuple(given), **named}
        else:
            files = {first.role: tuple(given[:1])}
            rest = given[1:]
            for slot in others:
                count = len(rest) if slot.most > 1 else 1
                files[slot.role], rest = tuple(rest[:count]), rest[count:]
            if rest:
                parser.error(f"unrecognized arguments: {' '.join(map(str, rest))}")
        for slot in others:
            if len(files[slot.role]) < slot.least:
                parser.error(f"the following arguments are required: {slot.role.upper()}")
        if not several and given[0].is_dir():
            parser.error(f"argument -o: the pictures of the folder {given[0]} go into a folder, not into a file")
        return files


def _destination(slot: InputSlot) -> str:
    return f"input_{slot.role}"  # a setting may have the role's name


def _is_folder(output: Path) -> bool:
    """Tell whether OUT is a folder: one that is there, or a name without an ending."""
    return output.is_dir() or not output.suffix


def check_output(output: Path, inputs: Sequence[Path], parser: CommandParser) -> None:
    """End the program with exit code 2 when `output` is no picture file, would overwrite an input, or has no place.

    Asked before the work begins: nobody wants to hear of it after a minute's painting.
    """
    if output.suffix.lower() not in SUFFIXES:
        parser.error(f"argument -o: “{output.name}” has to end in one of {', '.join(SUFFIXES)}, or be a folder")
    if output.is_dir():
        parser.error(f"argument -o: {output} is a folder")
    if output.exists() and not output.is_file():
        parser.error(f"argument -o: {output} is a device or a pipe, not a file")
    if output.exists() and any(path.exists() and path.samefile(output) for path in inputs):
        parser.error(f"argument -o: {output} goes in, and would be overwritten")
    check_place(output, parser)


@dataclass(frozen=True, slots=True)
class PictureOrder:
    """What to make: `load` opens the pictures; `inspect` may look at the saved result and add facts about it."""

    task: PictureTask
    controls: Controls[Any]
    load: Callable[[], PictureRequest]
    inspect: Callable[[PictureResult, Reporter], Facts] = lambda result, reporter: {}


class PictureMaker:
    """Makes one picture, reports, saves, and turns every ending into an exit code: what all picture commands share.

    Args:
        output: where the picture goes.
        events: report as JSON lines.
        debug: print the traceback of a failure.
        started: when the program started, on `perf_counter`'s clock.
        metadata: what of the photo's metadata goes into the picture.

    """

    def __init__(
        self, output: Path, *, events: bool, debug: bool, started: float, metadata: MetadataChoice = "keep"
    ) -> None:
        self._output, self._metadata = output, metadata
        self._debug = debug
        self._started = started
        self._reporter: Reporter = reporter(events=events, started=started)

    def make(self, prepare: Callable[[], PictureOrder]) -> int:
        """Make what `prepare` orders; whatever goes wrong is told."""

        def work() -> int:
            order = prepare()
            with stoppable(order.controls):
                self._make(order)
            return INTERRUPTED if order.controls.finishing else DONE

        interrupted = Failure("Interrupted before anything was painted.", "Nothing was written.", "")
        return concluded(self._reporter, work, debug=self._debug, interrupted=interrupted)

    def _make(self, order: PictureOrder) -> None:
        request = order.load()
        job = catalog.start(order.task.name, request, order.controls)
        result: PictureResult = run_job(job, order.controls, self._reporter)
        self._keep(request, result)
        facts = self._facts(result) | order.inspect(result, self._reporter)
        self._reporter.result(str(self._output), **facts)

    def _keep(self, request: PictureRequest, result: PictureResult) -> None:
        try:
            self._output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self._output, error) from error
        photo = next(iter(request.pictures), None)
        save_picture(
            self._output, result.picture, recipe=result.recipe, icc_profile=photo.icc_profile if photo else None,
            photo=metadata_of(photo, self._metadata),
        )  # fmt: skip
        library = Library(UserFolders.standard().library)
        with suppress(StudioError):  # a convenience for `replay`; the picture itself is safe
            for used in request.pictures:
                library.keep_input(used)

    def _facts(self, result: PictureResult) -> Facts:
        height, width = result.picture.shape[:2]
        seconds = round(perf_counter() - self._started, 3)
        return {"width": width, "height": height, "finished": result.finished, "seconds": seconds}
