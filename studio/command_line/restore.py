"""`atelier restore`: what restoring asks and checks beyond every other picture task."""

import argparse
from collections.abc import Callable
from pathlib import Path

from studio.command_line.flags import CommandParser, named_path
from studio.command_line.picture import Facts, Files, PictureCommand, check_output
from studio.command_line.reporting import Reporter
from studio.core.images import save_picture
from studio.core.picture_task import HOLE, MASK, PictureResult
from studio.core.restore_settings import FILLING, RestoreSettings

__all__ = ["RestoreCommand"]


class RestoreCommand(PictureCommand):
    """Where holes are filled, `--mask` names them; `--mask-out` keeps what was found."""

    usage = "PHOTO -o OUT [--mode MODE] [--mask M.png] [--mask-out M.png] [SETTING …]"

    def add_flags(self, parser: CommandParser) -> None:  # noqa: D102
        parser.add_argument(
            "--mask-out", metavar="M.png", type=named_path,
            help="of scratches, text and old-photo: where to save what was found, white on black",
        )  # fmt: skip

    def _files_of(self, asked: argparse.Namespace, parser: CommandParser, *, several: bool) -> Files:
        files = super()._files_of(asked, parser, several=several)
        if several and asked.mask_out:
            parser.error(
                "argument --mask-out: one file cannot hold the masks of all photos that OUT, a folder, is for; name a "
                "file, such as -o mended.png"
            )
        settings = self.settings_of(asked, parser)
        assert isinstance(settings, RestoreSettings)
        if settings.mode in FILLING and files[MASK] and not files[HOLE]:
            files = {**files, MASK: (), HOLE: files[MASK]}
        return files

    def check(self, settings: RestoreSettings, files: Files, parser: CommandParser) -> None:  # noqa: D102
        if settings.mode == "fill" and not files[HOLE]:
            parser.error("there is no hole: name a picture that is white where the photo is to be filled, with --mask")

    def inspecting(
        self, asked: argparse.Namespace, settings: RestoreSettings, files: Files, parser: CommandParser
    ) -> Callable[[PictureResult, Reporter], Facts]:
        """Save what was found where that is asked for."""
        out: Path | None = asked.mask_out
        if out is None:
            return super().inspecting(asked, settings, files, parser)
        if settings.mode not in FILLING - {"fill"} or files[HOLE]:
            parser.error("argument --mask-out: nothing is looked for; it goes with --mode scratches, text or old-photo")
        check_output(out, [path for paths in files.values() for path in paths], parser)

        def save(result: PictureResult, reporter: Reporter) -> Facts:
            save_picture(out, result.found[HOLE], recipe=None, bits=8)
            return {"mask": str(out)}

        return save
