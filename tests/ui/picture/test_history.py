from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from widget_kit import plain_picture

from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings
from studio.ui.picture.history import FRAME_LIMIT, SPACING, History

PICTURE = plain_picture()


def add(film, step, *, branch=False):
    return film.add(PICTURE, PICTURE, step, StyleSettings(), Recipe(task="stylize", settings={}), branch=branch)


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
            add(film, step, branch=len(film.frames) == branch_at and film.spacing == SPACING)
    assert 1 <= len(film.frames) <= FRAME_LIMIT
    assert film.frames[0].step == 0
    assert steps - film.frames[-1].step <= film.spacing
    numbers = [frame.number for frame in film.frames]
    assert numbers == sorted(set(numbers))
    if steps > branch_at * SPACING:
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


def test_another_painting_begins_with_a_fine_film_and_new_numbers():
    film = History()
    paint(film, range(SPACING * FRAME_LIMIT * 2))
    last = film.frames[-1].number
    film.clear()
    assert film.frames == []
    assert film.spacing == SPACING
    assert film.wants(0)
    assert add(film, 0).number > last
