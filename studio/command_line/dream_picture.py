"""`atelier dream`: one picture, set as finely as in the panel; `generate` makes many of seeds."""

from typing import Any

from studio.command_line.flags import CommandParser
from studio.command_line.picture import Files, PictureCommand

__all__ = ["DreamCommand"]


class DreamCommand(PictureCommand):
    """Asks for a generator."""

    summary = (
        "Make one picture up, set as finely as in the panel: between seeds, mixed, moved, bent. The recipe goes into\n"
        "the file: see atelier replay. For many, one of every seed: atelier generate."
    )
    usage = "-o OUT --model NAME|FILE|RUN [--across SEED] [SETTING …]"

    def check(self, settings: Any, files: Files, parser: CommandParser) -> None:  # noqa: D102
        if not settings.model:
            parser.error("the following arguments are required: --model")
