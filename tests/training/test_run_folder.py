import json
import os
import socket
import subprocess
import sys
import time

import pytest

from studio.core.failures import StudioError
from studio.training.plan_changes import changes_between, identity_of
from studio.training.run_folder import FORGOTTEN_S, SILENT_S, RunFolder, RunPlan, runs_in
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.tasks.classifier_settings import ClassifierSettings

SCHEDULE = Schedule(phases=(Phase(duration=2, learning_rate=Ramp(start=0.1, end=0.0, decay="cosine")),))


@pytest.fixture
def plan():
    return RunPlan(
        task="fast-style", title="Waves", data=("/photos",), inputs={"painting": "/wave.jpg"},
        settings={"size": 64}, schedule=SCHEDULE,
    )  # fmt: skip


def test_a_plan_comes_back_from_its_file_as_it_was(tmp_path, plan):
    run = RunFolder.create(tmp_path / "run", plan)
    assert RunFolder(run.path).read_plan() == plan


def test_a_plan_of_version_one_is_read_as_it_was_meant(tmp_path):
    """One list of data, for the first slot; and folders called train and test were classes to it."""
    (tmp_path / "run.json").write_text(
        '{"format": 1, "task": "classifier", "title": "", "data": ["/pictures", "/more"], "inputs": {}, '
        '"settings": {"size": 64}, "schedule": {"phases": [{"name": "", "duration": 2.0, "unit": "epochs", '
        '"optimiser": "adam", "learning_rate": {"start": 0.1, "end": 0.1, "decay": "none", "power": 2.0}, '
        '"momentum": {"start": 0.9, "end": 0.9, "decay": "none", "power": 2.0}, "weight_decay": 0.0, "size": null, '
        '"batch": null, "frozen": [], "layer_rates": null}]}, "created": "2026-11-01T10:00:00+00:00", '
        '"version": "0.1.0"}'
    )
    plan = RunFolder(tmp_path).read_plan()
    assert plan.data == {"data": ("/pictures", "/more")}
    assert plan.settings == {
        "size": 64, "split": False, "fair_check": False, "sample_every": 100, "validate_every": 250,
    }  # fmt: skip
    assert plan.schedule == Schedule(phases=(Phase(duration=2, learning_rate=Ramp.level(0.1)),))
    RunFolder(tmp_path).write_plan(plan)
    assert RunFolder(tmp_path).read_plan() == plan


def test_a_setting_that_version_one_did_not_know_is_no_change():
    settings = ClassifierSettings(split=False)
    plan = RunPlan(task="classifier", data=["/pictures"], settings={"split": False}, schedule=SCHEDULE)
    now = identity_of(plan, settings, "the same")
    old = {name: value for name, value in now["settings"].items() if name not in ("split", "share")}
    assert changes_between({**now, "settings": old}, now, ClassifierSettings) == []
    divided = identity_of(plan, ClassifierSettings(), "the same")
    assert changes_between({**now, "settings": old}, divided, ClassifierSettings) == [
        "“Heed train and test folders” (False → True)"
    ]


def test_data_of_several_slots_is_kept_by_name(tmp_path, plan):
    run = RunFolder.create(tmp_path / "run", plan.model_copy(update={"data": {"a": ("/horses",), "b": ("/zebras",)}}))
    assert run.read_plan().data == {"a": ("/horses",), "b": ("/zebras",)}


def test_a_run_never_takes_the_place_of_another(tmp_path, plan):
    RunFolder.create(tmp_path / "run", plan)
    with pytest.raises(StudioError, match="There is a run"):
        RunFolder.create(tmp_path / "run", plan)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(StudioError, match="is not empty"):
        RunFolder.create(tmp_path / "full", plan)


@pytest.mark.parametrize("content", ["", "{}", '{"format": 2}', "\x00"])
def test_a_damaged_plan_is_named_with_a_remedy(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(StudioError, match="cannot be read"):
        RunFolder(tmp_path).read_plan()


def test_any_other_folder_is_no_run(tmp_path):
    with pytest.raises(StudioError, match=r"is not a run's folder.*run\.json"):
        RunFolder(tmp_path).read_plan()


def test_only_one_process_trains_a_run(tmp_path, plan):
    run = RunFolder.create(tmp_path / "run", plan)
    with run.held():
        run.beat()
        with pytest.raises(StudioError, match="training run already"), RunFolder(run.path).held():
            pass
        assert run.heartbeat().process == os.getpid()
    assert run.heartbeat() is None
    with run.held():
        pass


def test_a_run_whose_process_was_killed_is_interrupted(tmp_path, plan):
    run = RunFolder.create(tmp_path / "run", plan)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    beat = {"host": socket.gethostname(), "process": child.pid, "at": time.time()}
    (run.path / "heartbeat.json").write_text(json.dumps(beat))
    assert run.state("running") == "running"
    child.kill()
    while run.state("running") == "running":  # a zombie until it is waited for, and taken for dead already
        time.sleep(0.01)
    assert run.state("running") == "interrupted"
    child.wait()
    assert run.state("running") == "interrupted"
    assert run.state("paused") == "paused"


def test_a_run_on_another_machine_is_judged_by_its_heart(tmp_path, plan):
    run = RunFolder.create(tmp_path / "run", plan)
    for age, state in ((1.0, "running"), (SILENT_S + 1, "interrupted")):
        beat = {"host": "node-17.cluster", "process": 1, "at": time.time() - age}
        (run.path / "heartbeat.json").write_text(json.dumps(beat))
        assert run.state("running") == state


def test_runs_are_listed_newest_first(tmp_path, plan):
    for age, name in ((30, "old"), (10, "new"), (20, "middle")):
        run = RunFolder.create(tmp_path / "runs" / name, plan)
        os.utime(run.plan_file, (time.time() - age, time.time() - age))
    (tmp_path / "runs" / "no run").mkdir()
    found = runs_in([tmp_path / "runs", tmp_path / "nowhere"])
    assert [run.path.name for run in found] == ["new", "middle", "old"]


def test_a_name_that_no_file_can_hold_is_told_before_anything_is_made(tmp_path, plan):
    with pytest.raises(StudioError, match=r"caf\\xe9 is not a name in UTF-8.*Rename"):
        RunFolder.create(
            tmp_path / "run",
            plan.model_copy(update={"data": {"data": (b"/caf\xe9".decode(errors="surrogateescape"),)}}),
        )
    assert not (tmp_path / "run").exists()


def test_a_run_cannot_lie_where_there_is_no_folder(tmp_path, plan):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(StudioError, match="could not be saved"):
        RunFolder.create(tmp_path / "letter.txt" / "run", plan)


def test_after_a_restart_the_process_of_that_number_is_another_one(tmp_path, plan):
    run = RunFolder.create(tmp_path / "run", plan)
    beat = {"host": socket.gethostname(), "process": os.getpid(), "at": time.time() - FORGOTTEN_S - 1}
    (run.path / "heartbeat.json").write_text(json.dumps(beat))
    assert run.state("running") == "interrupted"


def test_a_folder_that_cannot_be_held_says_why(tmp_path, plan):
    run = RunFolder.create(tmp_path / "run", plan)
    (run.path / ".lock").mkdir()
    with pytest.raises(StudioError, match="could not be saved"), run.held():
        pass
