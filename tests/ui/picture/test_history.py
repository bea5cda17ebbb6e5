from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from widget_kit import plain_picture

from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings
from studio.ui.picture.history import FRAME_LIMIT, SPACING, History

PICTURE = plain_picture()


def add(film, step, settings=None):
    return film.add(PICTURE, PICTURE, step, settings or StyleSettings(), Recipe(task="stylize", settings={}))


def paint(film, steps):
    """Offer the film every evaluation, as a running painting does."""
    for step in steps:
        if film.wants(step):
            add(film, step)


def test_the_first_frame_is_wanted_and_then_one_every_spacing():
    film = History()
    paint(film, range(1, 20))
    assert [frame.step for frame in film.frames] == [1, 1 + SPACING, 1 + 2 * SPACING, 1 + 3 * SPACING]


def test_a_count_that_starts_again_is_another_sitting_whose_first_frame_is_wanted():
    film = History()
    paint(film, range(1, 20))
    assert film.wants(2)


@given(steps=st.integers(min_value=1, max_value=3000), branch_at=st.integers(min_value=0, max_value=40))
def test_however_long_the_evening_first_last_and_branches_stay(steps, branch_at):
    film = History()
    for step in range(steps):
        if film.wants(step):
            if len(film.frames) == branch_at > 1 and film.spacing == SPACING:
                film.begin(film.frames[0])
            add(film, step)
    assert 1 <= len(film.frames) <= FRAME_LIMIT
    assert film.frames[0].step == 0
    assert steps - film.frames[-1].step <= film.spacing
    numbers = [frame.number for frame in film.frames]
    assert numbers == sorted(set(numbers))
    if branch_at > 1 and steps > branch_at * SPACING and branch_at < FRAME_LIMIT:
        assert any(frame.branch for frame in film.frames)


def test_thinning_doubles_the_spacing_so_that_it_stays_even():
    film = History()
    paint(film, range(SPACING * FRAME_LIMIT * 2))
    steps = [frame.step for frame in film.frames]
    assert film.spacing == 2 * SPACING
    assert {later - earlier for earlier, later in pairwise(steps[:-1])} == {2 * SPACING}


def test_a_frame_is_found_by_its_number_until_it_is_thinned_out():
    film = History()
    frames = [add(film, step) for step in range(0, FRAME_LIMIT * SPACING, SPACING)]
    assert film.find(frames[1].number) is frames[1]
    add(film, FRAME_LIMIT * SPACING)
    assert film.find(frames[1].number) is None
    assert film.find(frames[0].number) is frames[0]


def test_another_take_is_remembered_as_finely_as_the_first_and_the_first_stays():
    film = History()
    film.begin()
    paint(film, range(SPACING * FRAME_LIMIT * 2))
    paint(film, [SPACING * FRAME_LIMIT * 2 + film.spacing])
    there = list(film.frames)
    film.begin()
    assert film.spacing == SPACING
    assert film.wants(0)
    new = add(film, 0)
    assert new in film.frames
    assert {there[0], there[-1]} <= set(film.frames)
    assert (new.take, new.branch, new.parent) == (there[0].take + 1, False, None)
    assert new.number > there[-1].number


def test_a_branch_says_where_it_left_and_counts_on_from_there():
    film = History()
    film.begin()
    for step in (2, 8, 14):
        add(film, step)
    left = film.frames[1]
    film.begin(left)
    first, second = add(film, 3), add(film, 9)
    assert (first.branch, first.parent, first.evaluations) == (True, left.number, 11)
    assert (second.branch, second.parent, second.evaluations) == (False, left.number, 17)
    assert {first.take, second.take}.isdisjoint({left.take})


def test_going_on_from_the_last_frame_belongs_to_its_take():
    film = History()
    film.begin()
    last = add(film, 12)
    film.begin(last)
    on = add(film, 4)
    assert (on.take, on.branch, on.evaluations) == (last.take, False, 16)


def test_a_starred_frame_outlives_every_other():
    film = History()
    film.begin()
    paint(film, range(1, 60))
    kept = film.frames[3]
    assert film.star(kept.number)
    paint(film, range(60, 3000))
    assert film.find(kept.number).starred
    film.star(kept.number)
    assert not film.find(kept.number).starred


def test_a_hundred_takes_of_one_frame_fit_and_the_newest_are_kept():
    film = History()
    for _ in range(100):
        film.begin()
        add(film, 1)
    assert [frame.number for frame in film.frames] == list(range(100 - FRAME_LIMIT, 100))


def test_a_loss_is_compared_only_within_a_take_with_the_same_settings():
    film = History()
    film.begin()
    film.loss = 4.0
    first, second = add(film, 1), add(film, 7)
    other = add(film, 13, StyleSettings(style_weight=3.0))
    assert second.loss == 4.0
    assert (film.before(first), film.before(second), film.before(other)) == (None, first, None)
    film.begin()
    assert film.before(add(film, 1)) is None


def test_frames_that_come_from_a_file_go_on_with_numbers_of_their_own():
    film = History()
    film.begin()
    kept = [add(film, step) for step in (1, 7)]
    again = History.of(kept)
    again.begin(kept[0])
    new = add(again, 1)
    assert (new.number, new.take, new.branch) == (kept[-1].number + 1, kept[-1].take + 1, True)
