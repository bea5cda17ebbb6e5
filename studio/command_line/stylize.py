"""`atelier stylize`: a photo painted in the manner of one or more paintings."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from studio.command_line.flags import CommandParser, add_settings, settings_from
from studio.command_line.picture import PaintingCommand, RunCommand, check_output
from studio.core.controls import Controls
from studio.core.failures import StudioError
from studio.core.fast_styles import FastStyleShelf
from studio.core.images import load_picture
from studio.core.picture_task import PictureRequest
from studio.core.style_settings import StyleSettings
from studio.core.weights import resolve_backbone


def stylize(arguments: Sequence[str]) -> int:
    """Paint a photo in the manner of paintings."""
    started = perf_counter()
    parser = _parser()
    asked = parser.parse_intermixed_args(arguments)  # flags may stand anywhere, also between the pictures
    if asked.fast:
        asked.method, asked.fast_style = "instant", asked.fast
    settings = settings_from(asked, StyleSettings, parser)
    _check_paintings(asked.styles, settings, parser)
    if len(settings.style_mix) > len(asked.styles):
        parser.error(f"argument --style-mix: {len(settings.style_mix)} numbers for {len(asked.styles)} painting(s)")
    _check_networks(settings, parser)
    check_output(asked.output, (asked.content, *asked.styles), parser)

    def load() -> PictureRequest:
        content, *styles = (load_picture(path) for path in (asked.content, *asked.styles))
        return PictureRequest({"content": (content,), "style": tuple(styles)})

    command = PaintingCommand(asked.output, events=asked.events, debug=asked.debug, started=started)
    return command.run(lambda: RunCommand(Controls(settings), load))


def _check_paintings(styles: Sequence[Path], settings: StyleSettings, parser: CommandParser) -> None:
    if settings.method == "instant":
        if styles:
            parser.error("a fast style knows its painting: leave out STYLE, or --fast")
    elif not styles and settings.mode != "reconstruct":
        parser.error("there is no STYLE: name at least one painting, or a fast style with --fast")


def _check_networks(settings: StyleSettings, parser: CommandParser) -> None:
    flag = "--fast"
    try:
        if settings.method == "instant" or settings.start_from == "instant":
            FastStyleShelf.standard().find(settings.fast_style)
        flag = "--backbone"
        if settings.method == "live":
            resolve_backbone(settings.backbone)
    except StudioError as error:
        parser.error(f"argument {flag}: {error}")


def _parser() -> CommandParser:
    parser = CommandParser(
        "stylize",
        "Paint a photo in the manner of one or more paintings. The recipe goes into the file: see atelier replay.\n"
        "Ctrl+C stops early and keeps what is painted.",
        "CONTENT (STYLE [STYLE …] | --fast NAME) -o OUT [--size N --steps N …]",
    )
    parser.add_argument("content", metavar="CONTENT", type=Path, help="the photo")
    parser.add_argument("styles", metavar="STYLE", type=Path, nargs="*", help="the painting, or several to mix")
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=Path, required=True, help=".png, .jpg, .tif (16 bits) or .webp"
    )
    parser.add_argument(
        "--fast",
        metavar="NAME|FILE|RUN",
        help="paint at once, with a network that has learnt its painting: its name, file or run (see --strength)",
    )
    parser.add_events_flag()
    add_settings(parser, StyleSettings)
    return parser
