from datetime import datetime
from pathlib import Path

import pytest

from studio.core.library_index import IndexedResult, plain
from studio.core.library_marks import Mark
from studio.ui.panels.library.arrangement import Query, arranged


def result(name, day, painting="scream", task="stylize", size=(60, 40), star=False, words=""):
    sought = plain(f"{name} {painting} {words}")
    return IndexedResult(
        Path(f"{name}.png"), datetime(2026, 1, day), task, name, (painting,) if painting else (), *size,
        mark=Mark(star, words), sought=sought,
    )  # fmt: skip


PANDA = (result("panda", 1), result("panda 2", 5), result("panda 3", 8))
CASTLE = (result("Château", 3, "wave", size=(90, 90), words="für Anna"),)
CROPPED = (result("castle", 6, "", "adjust", size=(10, 10)),)
ALL = (PANDA, CASTLE, CROPPED)


def names(*args, **query):
    return [row.path.stem for row in arranged(ALL, Query(**query), *args)]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("newest", ["panda 3", "castle", "Château"]), ("oldest", ["Château", "castle", "panda 3"]),
     ("photo", ["castle", "Château", "panda 3"]), ("painting", ["panda 3", "Château", "castle"]),
     ("largest", ["Château", "panda 3", "castle"])],
)  # fmt: skip
def test_stacks_stand_in_the_order_asked_for(sort, expected):
    assert names(sort=sort) == expected


def test_every_word_must_be_found_whatever_its_letters():
    assert names(text="CHATEAU anna") == ["Château"]
    assert names(text="chateau panda") == []
    assert names(text="  scream ") == ["panda 3"]
    assert names(task="adjust") == ["castle"]
    assert names(starred=True) == []


def test_a_stack_shows_the_newest_or_the_newest_with_a_star():
    (top, *_) = arranged(ALL, Query())
    assert (top.path.stem, top.versions, top.place, top.on_top) == ("panda 3", 3, 3, True)
    starred = (PANDA[0], result("panda 2", 5, star=True), PANDA[2])
    (top,) = arranged((starred,), Query())
    assert (top.path.stem, top.place) == ("panda 2", 2)


def test_an_open_stack_has_its_versions_from_the_first_on_under_the_one_on_top():
    assert names({PANDA[1].path}) == ["panda 3", "panda", "panda 2", "castle", "Château"]
    rows = arranged(ALL, Query(), {PANDA[1].path})
    assert [(row.place, row.on_top, row.is_open) for row in rows[:3]] == [
        (3, True, True), (1, False, True), (2, False, True)
    ]  # fmt: skip
    assert names({CASTLE[0].path}) == names()


def test_of_a_stack_only_what_is_asked_for_counts():
    (row,) = arranged(ALL, Query(text="panda 2"))
    assert (row.path.stem, row.versions) == ("panda 2", 1)
