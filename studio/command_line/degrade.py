"""`atelier degrade`: photos damaged on purpose, by a recipe that comes along or one's own."""

import argparse

from studio.command_line.flags import CommandParser
from studio.command_line.picture import PictureCommand
from studio.core.degrade_settings import PRESETS
from studio.core.settings import Settings

__all__ = ["DegradeCommand"]


class DegradeCommand(PictureCommand):
    """Adds `--preset`, the name of a recipe."""

    summary = (
        "Damage photos on purpose, by chance: to see what a repairer makes of them, or to train one. Results in a\n"
        "folder keep their photos' names. What was drawn for a picture is in its file: see atelier recipe."
    )
    usage = "PHOTO -o OUT [--preset NAME | --recipe FILE] [--seed N]"
    usage_of_batch = "PHOTO|DIR … -o DIR [--preset NAME | --recipe FILE] [--seed N]"

    def add_flags(self, parser: CommandParser) -> None:  # noqa: D102
        parser.add_argument("--preset", choices=list(PRESETS), help="what happens to the photos [default old-photo]")

    def settings_of(self, asked: argparse.Namespace, parser: CommandParser) -> Settings:  # noqa: D102
        if asked.preset:
            if "recipe" in asked:
                parser.error("a recipe of your own is no preset: leave out --preset, or --recipe")
            asked.recipe = PRESETS[asked.preset]
        return super().settings_of(asked, parser)
