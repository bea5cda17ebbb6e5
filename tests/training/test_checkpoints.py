"""Checkpoints: whole or not there, proved by their checksum, and no more of them than somebody wants."""

import json
import os
import shutil
from collections import namedtuple

import pytest
import torch

from studio.core.atomic import WriteError
from studio.training.checkpoints import CheckpointClock, Checkpoints, size_of

STATE = {"weights": {"w": torch.arange(12.0).reshape(3, 4)}, "kind": "adam", "norms": [1.0, 2.5], "nothing": None}


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints")


def steps_of(checkpoints: Checkpoints) -> list[int]:
    return [checkpoint.step for checkpoint in checkpoints.all()]


def damage(checkpoints: Checkpoints, step: int) -> None:
    path = checkpoints.file_of(step)
    path.write_bytes(path.read_bytes()[:-100])


def test_what_is_read_is_what_was_saved(checkpoints):
    saved = checkpoints.save(7, STATE, note="before the storm")
    found, state, damaged = checkpoints.newest_good()
    assert (found, damaged) == (saved, [])
    assert (found.step, found.note, found.bytes) == (7, "before the storm", checkpoints.file_of(7).stat().st_size)
    assert torch.equal(state["weights"]["w"], STATE["weights"]["w"])
    assert {key: value for key, value in state.items() if key != "weights"} == {
        key: value for key, value in STATE.items() if key != "weights"
    }


def test_nothing_but_tensors_and_plain_values_is_ever_read(checkpoints):
    checkpoints.save(1, {"code": Checkpoints})  # as somebody might who wants it run elsewhere
    assert checkpoints.newest_good()[0] is None


def test_the_last_three_the_best_and_the_pinned_are_kept(checkpoints):
    for step in range(10):
        checkpoints.save(step, STATE, best=step in {2, 4}, pinned=step == 1)
    assert steps_of(checkpoints) == [1, 4, 7, 8, 9]
    checkpoints.mark(7, pinned=True, note="here")
    checkpoints.save(10, STATE)
    assert steps_of(checkpoints) == [1, 4, 7, 8, 9, 10]
    checkpoints.save(11, STATE)
    assert steps_of(checkpoints) == [1, 4, 7, 9, 10, 11]
    assert [one.note for one in checkpoints.all() if one.pinned] == ["", "here"]


def test_a_damaged_one_gives_way_to_the_one_before(checkpoints):
    for step in (1, 2, 3):
        checkpoints.save(step, STATE)
    damage(checkpoints, 3)
    damage(checkpoints, 2)
    found, _, damaged = checkpoints.newest_good()
    assert found.step == 1
    assert damaged == [checkpoints.file_of(3), checkpoints.file_of(2)]


def test_one_whose_slip_is_missing_or_torn_was_never_finished(checkpoints):
    for step in (1, 2, 3):
        checkpoints.save(step, STATE)
    checkpoints.file_of(3).with_suffix(".json").unlink()
    slip = checkpoints.file_of(2).with_suffix(".json")
    slip.write_text(slip.read_text()[:20])
    assert checkpoints.newest_good()[0].step == 1
    checkpoints.tidy()
    assert not checkpoints.file_of(3).exists()


def test_one_can_be_written_again_over_another_of_its_step(checkpoints):
    checkpoints.save(1, STATE)
    damage(checkpoints, 1)
    checkpoints.save(1, {"other": 1})
    assert checkpoints.newest_good()[1] == {"other": 1}


def test_going_back_leaves_nothing_behind_but_what_is_pinned(checkpoints):
    for step in (1, 2, 3, 4):
        checkpoints.save(step, STATE, pinned=step in {1, 3})
    checkpoints.abandon_after(2)
    assert steps_of(checkpoints) == [1, 2, 3]
    assert checkpoints.newest_good()[0].step == 2
    assert checkpoints.newest_good(until=1)[0].step == 1


def test_begun_files_of_a_killed_process_are_tidied_away(checkpoints):
    checkpoints.save(1, STATE)
    (checkpoints.file_of(1).parent / ".1f2e.part").write_bytes(b"begun")
    checkpoints.tidy()
    assert sorted(path.name for path in checkpoints.file_of(1).parent.iterdir()) == [
        "step-00000001.ckpt", "step-00000001.json",
    ]  # fmt: skip


def test_a_full_disk_is_noticed_before_anything_is_written(checkpoints, monkeypatch):
    checkpoints.save(1, STATE)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    with pytest.raises(WriteError, match="no room"):
        checkpoints.save(2, STATE)
    assert steps_of(checkpoints) == [1]
    assert len(os.listdir(checkpoints.file_of(1).parent)) == 2  # noqa: PTH208


def test_the_checksum_is_that_of_the_file(checkpoints):
    import hashlib

    checkpoints.save(1, STATE)
    slip = json.loads(checkpoints.file_of(1).with_suffix(".json").read_text())
    assert slip["sha256"] == hashlib.sha256(checkpoints.file_of(1).read_bytes()).hexdigest()


def test_the_size_of_a_state_is_that_of_its_tensors():
    assert size_of({"a": [torch.zeros(3), {"b": torch.zeros(2, dtype=torch.int64)}], "c": "text"}) == 12 + 16


@pytest.fixture
def clock_at(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("studio.training.checkpoints.time.monotonic", lambda: now[0])

    def set_to(seconds: float) -> None:
        now[0] = seconds

    return set_to


def test_a_checkpoint_is_due_after_the_interval_and_never_for_more_than_its_share(clock_at):
    clock = CheckpointClock(60.0, share=0.02)
    clock_at(59.0)
    assert not clock.due()
    clock_at(60.0)
    assert clock.due()
    clock.took(3.0)  # 2 % of 150 s
    clock_at(60.0 + 149.0)
    assert not clock.due()
    clock_at(60.0 + 150.0)
    assert clock.due()


def test_an_extra_one_is_affordable_while_all_together_stay_within_their_share(clock_at):
    clock = CheckpointClock(60.0, share=0.02)
    clock.took(1.0)
    clock_at(99.0)
    assert not clock.affordable()  # 1 s spent and 1 s more are 2 % of 100 s
    clock_at(100.0)
    assert clock.affordable()
