import pytest

from studio.ui.shell.fuzzy import best_first, likeness

NAMES = ["Save", "Save As…", "Side by Side", "Style", "Stroke size", "Show Size and steps", "Copy Diagnostics", "Stop"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("save", ["Save", "Save As…"]),
        ("SIZE", ["Stroke size", "Show Size and steps"]),
        ("si st", ["Stroke size", "Show Size and steps"]),
        ("diag", ["Copy Diagnostics"]),
        ("sbs", ["Side by Side"]),
        ("stp", ["Stop", "Show Size and steps"]),
        ("xyz", []),
    ],
)
def test_a_few_letters_find_a_name(typed, found):
    assert best_first(typed, NAMES, str)[: len(found) or None] == found


def test_nothing_typed_leaves_everything_in_its_order():
    assert best_first("  ", NAMES, str) == NAMES


def test_the_beginning_counts_more_than_a_word_and_a_word_more_than_letters():
    ranks = [likeness("st", name)[0] for name in ("Style", "Big Strokes", "Last", "Set it")]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 4
