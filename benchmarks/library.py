"""Does a large library stay quick? What reading costs a job, and what showing and searching cost the window.

    python benchmarks/library.py [--results 5000] [--repeats 10] [--json]

Processor seconds of the thread that does it: of the engine's for reading, of the UI thread for everything else, where
one turn of the event loop should stay within a few ticks of 16 ms.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import thread_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from PySide6.QtCore import QDeadlineTimer
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from studio.core.events import finish
from studio.core.library import Library
from studio.core.library_index import LibraryIndex
from studio.core.picture_saving import encode
from studio.core.recipes import InputRecord, Recipe, SteeringStep
from studio.core.style_settings import StyleSettings
from studio.engine import Engine
from studio.ui.panels.library.panel import LibraryPanel
from studio.ui.theme import Theme

PHOTOS = ("beach", "castle", "grandmother in the garden", "panda", "forum")
PAINTINGS = ("scream", "great wave", "starry night", "grande jatte")


def main() -> None:
    """Measure; print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=int, default=5000, help="how many results the library has")
    parser.add_argument("--repeats", type=int, default=10, help="how often each thing is done in the window")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    arguments = parser.parse_args()
    application = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder))
        fill(library, arguments.results)
        seconds = dict(reading(library)) | dict(showing(application, library, arguments.repeats))
    if arguments.json:
        print(json.dumps({"results": arguments.results, "seconds": seconds}))
        return
    table = Table("what", "ms of its thread", title=f"A library of {arguments.results:,} results")
    for what, taken in seconds.items():
        table.add_row(what, f"{1000 * taken:.0f}")
    Console().print(table)


def fill(library: Library, number: int) -> None:
    """Write small results with recipes of the usual kind; every fifth goes on from the one before."""
    chance = random.Random(0)
    picture, history = np.full((24, 36, 3), 20_000, np.uint16), None
    for made in range(number):
        settings = StyleSettings(seed=made, style_weight=round(chance.uniform(0.5, 4), 2)).model_dump(mode="json")
        photo, painting = chance.choice(PHOTOS), chance.choice(PAINTINGS)
        recipe = Recipe(task="stylize", settings=settings, inputs=(_input("content", photo), _input("style", painting)))
        if made % 5 and history is not None:
            branch = SteeringStep(at=2**31 - 1, action="branch", changes={"style_weight": made / number})
            recipe = history.model_copy(update={"steering": (*history.steering, branch), "initial": history.settings})
        history = recipe if made % 5 == 0 else history
        stem, age = f"{made:05} {photo}", 1_700_000_000 + 600 * made
        library.root.mkdir(exist_ok=True)
        path = library.root / f"{stem}.png"
        path.write_bytes(encode("PNG", picture, recipe=recipe))
        os.utime(path, (age, age))


def _input(role: str, name: str) -> InputRecord:
    return InputRecord(role=role, name=f"{name}.jpg", sha256=f"{sum(name.encode()):064x}")


def reading(library: Library) -> Iterator[tuple[str, float]]:
    """Read every recipe, then the index's own file, then only what the folder lists."""
    index = LibraryIndex(library)
    yield "read all recipes, the first time ever", _timed(lambda: finish(index.read()))
    yield "read the index, at a start", _timed(lambda: finish(LibraryIndex(library).read()))
    yield "look again, nothing new", _timed(lambda: finish(index.read()))


def showing(application: QApplication, library: Library, repeats: int) -> Iterator[tuple[str, float]]:
    """Do with the panel what an artist does."""
    theme, engine = Theme(application, "dark"), Engine("pictures")
    panel = LibraryPanel(theme, engine, library)
    panel.resize(1400, 900)
    panel.show()
    session, view = panel.session, panel.view.view

    def settle() -> None:
        deadline = QDeadlineTimer(120_000)
        while not (session.is_read and engine.is_idle) and not deadline.hasExpired():
            application.processEvents()

    settle()
    steps: dict[str, Callable[[], object]] = {
        "search a painting": lambda: session.ask(text="scream"),
        "show all again": lambda: session.ask(text=""),
        "sort by painting": lambda: session.ask(sort="painting"),
        "the newest first again": lambda: session.ask(sort="newest"),
        "scroll far": lambda: view.verticalScrollBar().setValue(random.randrange(view.verticalScrollBar().maximum())),
        "choose all": view.selectAll,
    }
    for what, act in steps.items():
        taken = []
        for _ in range(repeats):
            settle()
            taken.append(_timed(lambda act=act: (act(), application.processEvents())))  # type: ignore[misc]
        yield f"{what} (median)", float(np.median(taken))
    panel.close()
    engine.shut_down()


def _timed(act: Callable[[], object]) -> float:
    began = thread_time()
    act()
    return thread_time() - began


if __name__ == "__main__":
    main()
