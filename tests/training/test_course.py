"""Turns taken in mid-run: kept before they hold, met again at the same step."""

import pytest

from studio.core.atomic import WriteError
from studio.training.course import Change, Course, Heading


def test_changes_are_met_again_at_their_steps(tmp_path):
    course = Course(tmp_path / "course.json")
    course.add(Change(20, caution=0.5))
    course.add(Change(10, settings={"pace": 0.1}, parts=2))
    course.add(Change(20, caution=0.5))
    course.add(Change(30, settings={"pace": 0.2}))
    again = Course.read(course.file)
    assert again.changes == course.changes
    assert [again.at(step) for step in (9, 10, 29, 30)] == [
        Heading({}, 1.0, None), Heading({"pace": 0.1}, 1.0, 2), Heading({"pace": 0.1}, 0.25, 2),
        Heading({"pace": 0.2}, 0.25, 2),
    ]  # fmt: skip
    assert again.setbacks == 2


def test_a_change_that_cannot_be_kept_does_not_happen(tmp_path):
    course = Course(tmp_path / "gone" / "course.json")
    with pytest.raises(WriteError):
        course.add(Change(10, caution=0.5))
    assert course.changes == []
