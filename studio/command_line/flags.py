"""Command-line flags made from a settings model, so that the form and the command line never differ."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from studio.command_line.exit_codes import WRONG_ARGUMENTS
from studio.core.settings import SettingInfo, Settings, describe

S = TypeVar("S", bound=Settings)

_FILES = "--these-are-files"
"""Stands for “--” within."""


class CommandParser(argparse.ArgumentParser):
    """A parser for one command: no guessed abbreviations, and errors that are two lines long."""

    def __init__(self, command: str, summary: str, usage: str, *, add_help: bool = True) -> None:
        super().__init__(
            add_help=add_help,
            prog=f"atelier {command}",
            usage=f"atelier {command} {usage}".replace("%", "%%"),
            description=summary,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.add_argument("--debug", action="store_true", help="show the traceback of a failure")
        self.add_argument(_FILES, action="store_true", help=argparse.SUPPRESS, dest="_files")

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Read arguments in any order, flags also between files; everything behind “--” is a file, “-x.png” as well.

        argparse itself knows “--” only where all files stand together.
        """
        if "--" in arguments:
            end = list(arguments).index("--")
            # a flag that means nothing ends the list of one that takes several
            arguments = [*arguments[:end], _FILES, *map(_no_flag, arguments[end + 1 :])]
        return self.parse_intermixed_args(arguments)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read more."""
        self.exit(WRONG_ARGUMENTS, f"{self.prog}: {message}\nSee: {self.prog} --help\n")

    def add_events_flag(self) -> None:
        """Every command that runs a job can speak to a program instead of a person."""
        self.add_argument("--events", action="store_true", help="one JSON object a line on stdout, no progress bar")


def _no_flag(name: str) -> str:
    return f".{os.sep}{name}" if name.startswith("-") else name


def add_settings(parser: argparse.ArgumentParser, model: type[Settings]) -> None:
    """Add a flag for each setting of `model`, in its groups. Flags that are not given leave no trace."""
    groups: dict[str, Any] = {}
    for info in describe(model):
        if info.group not in groups:
            groups[info.group] = parser.add_argument_group((info.group or "first of all").lower())
        _add_flag(groups[info.group], info)


def settings_from(
    arguments: argparse.Namespace, model: type[S], parser: CommandParser, base: Settings | None = None
) -> S:
    """Return the settings that the flags ask for; wrong ones end the program with exit code 2.

    Args:
        arguments: the parsed flags.
        model: the settings.
        parser: tells what is wrong.
        base: what stands where no flag does; by default the defaults.

    """
    given = {info.name: getattr(arguments, info.name) for info in describe(model) if info.name in arguments}
    try:
        return model(**{**({} if base is None else base.model_dump()), **given})
    except ValidationError as error:
        first = error.errors()[0]
        flag = "--" + str(first["loc"][0]).replace("_", "-")
        parser.error(f"argument {flag}: {first['msg']}")


def named_path(name: str) -> Path:
    """Read the name of a file or folder; nothing would be the working folder, and is a script's unset variable."""
    if not name:
        raise argparse.ArgumentTypeError("an empty name")
    return Path(name)


def check_place(output: Path, parser: CommandParser) -> None:
    """End the program with exit code 2 when nothing can be made where `output` should come to lie."""
    place = next(folder for folder in output.absolute().parents if folder.exists())
    if not place.is_dir():
        parser.error(f"argument -o: {place} is a file, not a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        parser.error(f"argument -o: no permission to write to {place}")


def _add_flag(group: Any, info: SettingInfo) -> None:
    common: dict[str, Any] = {"dest": info.name, "default": argparse.SUPPRESS, "help": _help(info)}
    if info.kind == "switch":
        group.add_argument(info.flag, action=argparse.BooleanOptionalAction, **common)
    elif info.kind == "choice":
        group.add_argument(info.flag, choices=list(info.choices), **common)
    else:
        metavar = {"integer": "N", "number": "X", "numbers": "X,X,…", "text": "NAME", "structure": "FILE"}[info.kind]
        group.add_argument(info.flag, type=_reader(info), metavar=metavar, **common)


def _help(info: SettingInfo) -> str:
    facts = []
    if info.low is not None and info.high is not None:
        facts.append(f"{info.low:g} to {info.high:.10g}{' ' + info.unit if info.unit else ''}")
    words = _words_for_lowest(info)
    if words:
        facts.append(f"{info.low:g}: {words[-1]}")
    if info.kind != "structure" and info.default not in ("", ()):
        facts.append(f"default {words[-1] if words and info.default == info.low else info.default}")
    text = f"{info.help} [{', '.join(facts)}]" if facts else info.help
    return text.replace("%", "%%")


def _reader(info: SettingInfo) -> Callable[[str], Any]:
    if info.kind in ("integer", "number"):
        kind = int if info.kind == "integer" else float
        return lambda text: info.low if text in _words_for_lowest(info) else _in_range(_number(text, kind), info)
    if info.kind == "numbers":
        return lambda text: tuple(_in_range(_number(part, float), info) for part in text.split(","))
    return _content_of if info.kind == "structure" else str


def _words_for_lowest(info: SettingInfo) -> tuple[str, ...]:
    """Return how a number's smallest value may be called: as the form calls it, and “auto” for short."""
    if not info.lowest or info.kind not in ("integer", "number"):
        return ()
    return (info.lowest, "auto") if info.lowest == "automatic" else (info.lowest,)


def _content_of(name: str) -> Any:
    try:
        return json.loads(Path(name).expanduser().read_bytes())
    except OSError as error:
        raise argparse.ArgumentTypeError(f"“{name}” cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError):
        raise argparse.ArgumentTypeError(f"“{name}” holds no JSON") from None


def _number(text: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise argparse.ArgumentTypeError(f"“{text}” is not {what}") from None


def _in_range(value: float, info: SettingInfo) -> float:
    low = -sys.float_info.max if info.low is None else info.low
    high = sys.float_info.max if info.high is None else info.high
    if not low <= value <= high:  # also catches "nan"
        unit = f" {info.unit}" if info.unit else ""
        raise argparse.ArgumentTypeError(f"{value:.10g} is not between {low:g} and {high:.10g}{unit}")
    return value
