"""`atelier models`: the networks that are known, those that are here, and how to get more."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from io import BytesIO
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.weight_headers import WeightsError
from studio.command_line.exit_codes import DONE, FAILED
from studio.command_line.flags import CommandParser, check_place, named_path
from studio.command_line.reporting import reporter
from studio.command_line.running import concluded, run_job, stoppable
from studio.core.atomic import write_file
from studio.core.controls import Controls
from studio.core.failures import Failure, StudioError
from studio.core.file_names import expanded
from studio.core.model_shelf import DownloadTask, ImportTask, ModelShelf, RemoveTask, ShelfEntry, VerifyTask
from studio.core.settings import Settings
from studio.core.sizes import megabytes
from studio.core.trained_models import TrainedModels
from studio.jobs import catalog

_ACTIONS = ("list", "verify", "download", "import", "export", "remove")
_STATES = {"embedded": "built in", "present": "here", "missing": "not here", "damaged": "damaged"}
_USES = {
    "backbone": "paint with it by --backbone {}", "fast_style": "paint with it by --fast {}",
    "restorer": "restore with it by --model {}", "translator": "translate with it by --model {}",
}  # fmt: skip
"""What to do with an imported network, by what it is for."""
_WIDE = 500
"""Columns where nobody looks: a script wants every path in one piece."""


def models(arguments: Sequence[str]) -> int:
    """Do what is asked with this user's model shelf."""
    return tend(ModelShelf.standard(), arguments)


def tend(shelf: ModelShelf, arguments: Sequence[str]) -> int:
    """Do what is asked with `shelf`; returns the exit code."""
    started = perf_counter()
    parser = _parser()
    asked = parser.parse_args(arguments)
    _check_operand(asked, shelf, parser)
    if asked.action == "list":
        return _list(shelf, as_json=asked.json)
    return _Chore(asked, shelf, started).run()


def _parser() -> CommandParser:
    parser = CommandParser(
        "models",
        "The networks that look at pictures: what is known, what is here.\n\n"
        "  list             the default\n"
        "  verify [NAME]    read the files and compare their checksums\n"
        "  download NAME    fetch a network; interrupted, it goes on from there next time\n"
        "  import FILE      find out which network a .pth or .safetensors file holds, and take it in\n"
        "  export NAME|FILE|RUN -o FILE.pth   write one way of a translator in the layout of CycleGAN's authors\n"
        "  remove NAME      delete what was downloaded or imported",
        "[list | verify [NAME] | download NAME | import FILE | export NAME -o FILE.pth | remove NAME]",
    )
    parser.add_argument("action", choices=_ACTIONS, nargs="?", default="list", metavar="ACTION", help="see above")
    parser.add_argument("operand", nargs="?", metavar="NAME|FILE", help="a name out of the list, or a file")
    parser.add_argument("--json", action="store_true", help="list: one JSON array on stdout")
    parser.add_argument("-o", "--output", metavar="FILE.pth", type=named_path, help="export: where to")
    parser.add_argument("--direction", choices=("AtoB", "BtoA"), default="AtoB", help="export: which way")
    parser.add_events_flag()
    return parser


def _check_operand(asked: argparse.Namespace, shelf: ModelShelf, parser: CommandParser) -> None:
    if asked.operand is None:
        if asked.action in ("download", "import", "export", "remove"):
            parser.error(f"{asked.action} what? Name a {'file' if asked.action == 'import' else 'network'}.")
        return
    if asked.action == "list":
        parser.error(f"list takes no name, and there was “{asked.operand}”")
    names = [entry.name for entry in shelf.entries()]
    if asked.action == "export":
        if asked.output is None:
            parser.error("export where to? Name a file: -o FILE.pth")
        check_place(asked.output, parser)
    elif asked.action != "import" and asked.operand not in names:
        parser.error(f"there is no network called “{asked.operand}”; there are {', '.join(names)}")


def _list(shelf: ModelShelf, *, as_json: bool) -> int:
    entries = shelf.entries()
    if as_json:
        print(json.dumps([_plain(entry) for entry in entries], indent=2))
        return DONE
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("NAME", "NETWORK", "STATE", "SIZE", "LICENCE", "WHERE"):
        table.add_column(title, overflow="fold", justify="right" if title == "SIZE" else "left")
    for entry in entries:
        where = str(entry.path) if entry.path else "atelier models download " + entry.name if entry.url else ""
        state, size = _STATES[entry.state], megabytes(entry.size)
        table.add_row(*(Text(cell) for cell in (entry.name, entry.label, state, size, entry.licence, where)))
    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    console.print(table)
    print(f"\nFiles put into {shelf.folder} under the names above are found, too.")
    return DONE


class _Chore:
    """One action on the shelf: runs its jobs, reports, and turns every ending into an exit code."""

    def __init__(self, asked: argparse.Namespace, shelf: ModelShelf, started: float) -> None:
        self._asked = asked
        self._shelf = shelf
        self._controls = Controls(Settings())
        self._reporter = reporter(events=asked.events, started=started)

    def run(self) -> int:
        """Do it; whatever goes wrong is told."""
        actions: dict[str, Callable[[str | None], int]] = {
            "verify": self._verify, "download": self._download, "import": self._import, "export": self._export,
            "remove": self._remove,
        }  # fmt: skip

        def work() -> int:
            with stoppable(self._controls):
                return actions[self._asked.action](self._asked.operand)

        interrupted = Failure("Interrupted.", "The same command goes on from where it was.", "")
        return concluded(self._reporter, work, debug=self._asked.debug, interrupted=interrupted)

    def _download(self, name: str | None) -> int:
        return self._got(self._do("download_weights", DownloadTask(str(name), self._shelf)))

    def _import(self, file: str | None) -> int:
        entry = self._do("import_weights", ImportTask(expanded(str(file)), self._shelf))
        self._reporter.note(
            f"{entry.label}: {_USES[entry.task].format(entry.name)}" if entry.task in _USES else entry.label
        )
        return self._got(entry)

    def _export(self, name: str | None) -> int:
        model, file = TrainedModels.standard("translator").find(str(name)), self._asked.output
        import torch

        from models.foreign_translators import to_junyanz
        from models.translation import WAYS, load_translator

        written = BytesIO()
        try:
            torch.save(to_junyanz(load_translator(model.path, WAYS[self._asked.direction])[0]), written)
        except (WeightsError, OSError) as error:
            raise StudioError(str(error), "Choose another network, or the other way.") from error
        write_file(file, written.getvalue())
        self._reporter.result(str(file), name=model.label)
        return DONE

    def _remove(self, name: str | None) -> int:
        entry = self._do("remove_weights", RemoveTask(str(name), self._shelf))
        self._reporter.note(f"{entry.label} was removed." if entry.path is None else f"{entry.path} is still there.")
        self._reporter.result("", **_facts(entry))
        return DONE

    def _verify(self, name: str | None) -> int:
        here = [entry.name for entry in self._shelf.entries() if entry.path is not None]
        checked = [self._do("verify_weights", VerifyTask(each, self._shelf)) for each in ([name] if name else here)]
        for entry in checked:
            self._reporter.note(f"{entry.label}: {'sound' if entry.is_here else entry.note}")
            self._reporter.result(str(entry.path), **_facts(entry))
        if not checked:
            self._reporter.note("There is no network on this computer yet.")
        return DONE if all(entry.is_here for entry in checked) else FAILED

    def _do(self, job: str, task: Any) -> ShelfEntry:
        entry: ShelfEntry = run_job(catalog.start(job, task, self._controls), self._controls, self._reporter)
        return entry

    def _got(self, entry: ShelfEntry) -> int:
        self._reporter.result(str(entry.path), **_facts(entry))
        return DONE


def _plain(entry: ShelfEntry) -> dict[str, object]:
    path = None if entry.path is None else str(entry.path)
    return asdict(entry) | {"path": path, "trained": entry.is_here}


def _facts(entry: ShelfEntry) -> dict[str, object]:
    return {key: value for key, value in _plain(entry).items() if key != "path"}
