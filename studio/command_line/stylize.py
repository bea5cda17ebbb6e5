"""`atelier stylize`: what painting asks and checks beyond every other picture task."""

import argparse

from studio.command_line.flags import CommandParser
from studio.command_line.picture import Files, PictureCommand
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.core.style_settings import StyleSettings
from studio.core.trained_models import TrainedModels
from studio.core.weights import resolve_backbone


class StylizeCommand(PictureCommand):
    """Paint a photo in the manner of paintings, or with a fast style, which knows its painting."""

    summary = (
        "Paint a photo in the manner of one or more paintings. The recipe goes into the file: see atelier replay.\n"
        "Ctrl+C stops early and keeps what is painted."
    )
    usage = "CONTENT (STYLE [STYLE …] | --fast NAME) -o OUT [--size N --steps N …]"
    usage_of_batch = "PHOTO|DIR … (--style STYLE [STYLE …] | --fast NAME) -o DIR [--format jpg …]"

    def add_flags(self, parser: CommandParser) -> None:  # noqa: D102
        parser.add_argument(
            "--fast",
            metavar="NAME|FILE|RUN",
            help="paint at once, with a network that has learnt its painting: its name, file or run (see --strength)",
        )

    def settings_of(self, asked: argparse.Namespace, parser: CommandParser) -> Settings:  # noqa: D102
        if asked.fast:
            asked.method, asked.fast_style = "instant", asked.fast
        return super().settings_of(asked, parser)

    def check(self, settings: StyleSettings, files: Files, parser: CommandParser) -> None:  # noqa: D102
        paintings = len(files["style"])
        if settings.method == "instant":
            if paintings:
                parser.error("a fast style knows its painting: leave out STYLE, or --fast")
        elif not paintings and settings.mode != "reconstruct":
            parser.error("there is no STYLE: name at least one painting, or a fast style with --fast")
        if len(settings.style_mix) > paintings:
            parser.error(f"argument --style-mix: {len(settings.style_mix)} numbers for {paintings} painting(s)")
        flag = "--fast"
        try:
            if "instant" in (settings.method, settings.start_from):
                TrainedModels.standard("fast_style").find(settings.fast_style)
            flag = "--backbone"
            if settings.method == "live":
                resolve_backbone(settings.backbone)
        except StudioError as error:
            parser.error(f"argument {flag}: {error}")
