"""Turns taken in mid-run: kept before they hold, met again at the same step."""

import pytest

from studio.core.atomic import WriteError
from studio.training.live_settings import Change, ChangeLog, InForce


def test_changes_are_met_again_at_their_steps(tmp_path):
    change_log = ChangeLog(tmp_path / "course.json")
    change_log.add(Change(20, rate_factor=0.5))
    change_log.add(Change(10, settings={"pace": 0.1}, micro_batches=2))
    change_log.add(Change(20, rate_factor=0.5))
    change_log.add(Change(30, settings={"pace": 0.2}))
    again = ChangeLog.read(change_log.file)
    assert again.changes == change_log.changes
    assert [again.at(step) for step in (9, 10, 29, 30)] == [
        InForce({}, 1.0, None), InForce({"pace": 0.1}, 1.0, 2), InForce({"pace": 0.1}, 0.25, 2),
        InForce({"pace": 0.2}, 0.25, 2),
    ]  # fmt: skip
    assert again.divergences == 2


def test_a_change_that_cannot_be_kept_does_not_happen(tmp_path):
    change_log = ChangeLog(tmp_path / "gone" / "course.json")
    with pytest.raises(WriteError):
        change_log.add(Change(10, rate_factor=0.5))
    assert change_log.changes == []
