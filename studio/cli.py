"""The `atelier` command: finds the command asked for, and tells in two lines what went wrong.

Nothing heavy is imported before it is needed: `atelier --help` answers at once, and everything but the window runs
where Qt is not installed.
"""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from pkgutil import resolve_name
from typing import TypeAlias, cast

from studio import __version__
from studio.command_line.exit_codes import FAILED, INTERRUPTED, WRONG_ARGUMENTS
from studio.command_line.terminal import speak_plainly
from studio.core import picture_tasks
from studio.core.own_program import shield_children

Command: TypeAlias = Callable[[Sequence[str]], int]

_OTHERS = {
    "train": ("studio.command_line.train:train", "train a network on pictures, or go on with a run"),
    "generate": ("studio.command_line.dream:generate", "make pictures up with a generator, one of every seed"),
    "interpolate": ("studio.command_line.dream:interpolate", "walk from seed to seed, as a video or frames"),
    "project": ("studio.command_line.dream:project", "find the nearest picture that a generator can make"),
    "directions": ("studio.command_line.dream:directions", "find directions along which a generator's pictures change"),
    "encoder": ("studio.command_line.dream:encoder", "teach a generator's encoder, where looking for pictures begins"),
    "frames": ("studio.command_line.frames:frames", "make a folder of pictures to learn from out of a video"),
    "classify": ("studio.command_line.classify:classify", "say what pictures show, by a classifier of your own"),
    "replay": ("studio.command_line.replay:replay", "make a picture again from the recipe inside it"),
    "recipe": ("studio.command_line.recipe:recipe", "print the recipe inside a picture as JSON"),
    "models": ("studio.command_line.shelf:models", "list the networks: what is known, what is there"),
    "doctor": ("studio.command_line.doctor:doctor", "check device, versions, networks and folders"),
}


def commands() -> dict[str, tuple[str, str]]:
    """Return every command: the picture tasks first; name → where its function or class is, and what it does."""
    tasks = picture_tasks.PICTURE_TASKS
    pictures = {task.name: (task.command, task.tooltip[:1].lower() + task.tooltip[1:]) for task in tasks}
    return pictures | _OTHERS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `atelier` with `arguments` (the command line's own by default); returns the exit code."""
    if arguments is None:
        arguments = sys.argv[1:]
        shield_children()
        speak_plainly()
        if not sys.warnoptions:  # libraries' remarks to programmers are not for users; python -W shows them
            warnings.simplefilter("ignore")
    try:
        return _dispatch(arguments)
    except SystemExit as end:  # argparse leaves this way: after --help, and when arguments are wrong
        return end.code if isinstance(end.code, int) else FAILED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has gone, as `head` does; nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        from studio.command_line.failing import tell

        return tell(error, debug="--debug" in arguments)


def _dispatch(arguments: Sequence[str]) -> int:
    command = _find_command(arguments[0]) if arguments else None
    if command is not None:
        return command(arguments[1:])
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags, files = arguments[:end], arguments[end + 1 :]  # whatever stands behind “--” is a file
    if any(flag in ("-h", "--help") for flag in flags):
        print(_help())
        return 0
    if "--version" in flags:
        print(f"atelier {__version__}")
        return 0
    return _open_window(flags, files)


def _find_command(name: str) -> Command | None:
    task = picture_tasks.picture_task_named(name)
    if task is not None:
        return cast(Command, resolve_name(task.command)(task))
    return cast(Command, resolve_name(_OTHERS[name][0])) if name in _OTHERS else None


def _open_window(arguments: Sequence[str], files: Sequence[str]) -> int:
    named = [argument for argument in arguments if argument != "--debug"]
    for name in named:
        if name.startswith("-"):
            print(_no_such_option(name), file=sys.stderr)
            return WRONG_ARGUMENTS
    for name in (*named, *files):
        if not Path(name).exists():
            print(_no_such_thing(name), file=sys.stderr)
            return WRONG_ARGUMENTS
    from studio.command_line.window import open_window

    return open_window([*named, *files])


def _no_such_option(name: str) -> str:
    hint = f"The file that is called so: atelier -- {name}" if Path(name).exists() else "See: atelier --help"
    return f"atelier: there is no option {name}.\n{hint}"


def _no_such_thing(name: str) -> str:
    similar = get_close_matches(name, commands(), n=1)
    hint = f"Did you mean: atelier {similar[0]}?" if similar else "See: atelier --help"
    return f"atelier: “{name}” is neither a file nor a command.\n{hint}"


def _help() -> str:
    listed = "\n".join(f"  {name:<12}{summary}" for name, (_, summary) in commands().items())
    return f"""usage: atelier [FILE…]
       atelier COMMAND …

A desktop studio in which an artist directs neural image models by hand.
Without a command the window opens, with the pictures named.

commands:
{listed}

Each command explains itself: atelier COMMAND --help
Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted (what was finished is kept)."""


if __name__ == "__main__":
    sys.exit(main())
