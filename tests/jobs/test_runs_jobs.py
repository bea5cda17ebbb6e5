import json

import pytest
from job_kit import heard
from training_kit import new_run, toy_plan

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.jobs.runs import ListRunsTask, RunReader, list_runs, look_at_run
from studio.training.run_log import RunLog


def listed(*folders, runs=()):
    return finish(list_runs(ListRunsTask(folders, runs), Controls(Settings())))


def snapshot(reader):
    return finish(look_at_run(reader, Controls(Settings())))


def test_runs_are_listed_the_newest_first_each_once(tmp_path):
    made = {}
    for day, name in enumerate(["old", "new", "middle"]):
        plan = toy_plan(3).model_copy(update={"created": f"2026-01-{[1, 9, 5][day]:02}T00:00:00+00:00"})
        made[name] = new_run(tmp_path / "runs" / name, plan).path
    elsewhere = new_run(tmp_path / "cluster" / "run", toy_plan(3).model_copy(update={"created": "2025"})).path
    found = listed(tmp_path / "runs", runs=(elsewhere, made["old"], tmp_path / "gone"))
    assert [run.path for run in found] == [made["new"], made["middle"], made["old"], elsewhere]


def test_without_a_folder_there_are_no_runs(tmp_path):
    assert listed(tmp_path / "nothing") == ()


def test_a_look_says_whether_there_is_anything_new(tmp_path):
    run = new_run(tmp_path / "run")
    reader = RunReader(run.path)
    assert snapshot(reader).fresh
    assert not snapshot(reader).fresh
    with RunLog(run.events_file) as log:
        log.write("state", 0, state="running")
        log.write("metrics", 1, values={"loss": 1.0})
    seen = snapshot(reader)
    assert (seen.fresh, seen.state, seen.history.step) == (True, "interrupted", 1)
    with run.held():
        assert snapshot(reader).state == "running"
    assert snapshot(reader).fresh  # it died, and nothing was written


def test_a_plan_that_was_changed_is_read_again(tmp_path):
    run = new_run(tmp_path / "run")
    reader = RunReader(run.path)
    snapshot(reader)
    changed = run.read_plan().model_copy(update={"title": "Another name"})
    run.write_plan(changed)
    assert snapshot(reader).plan == changed


def test_a_long_log_is_read_in_pieces_that_tell_how_far_they_are(tmp_path):
    run = new_run(tmp_path / "run")
    lines = (json.dumps({"t": 1.0, "type": "metrics", "step": s, "values": {"loss": 0.5}}) for s in range(12_000))
    run.events_file.write_text("\n".join(lines) + "\n")
    told, seen = heard(look_at_run(RunReader(run.path), Controls(Settings())))
    assert len(told) >= 2
    assert all(0 < one.done < one.total for one in told)
    assert seen.history.step == 11_999


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(StudioError, match=r"run\.json"):
        snapshot(RunReader(tmp_path))
