"""Companions on one computer: they find the others, are noticed when they fall, and never outlive the crew."""

import json
import os
import sys
import time

import pytest

from studio.core.failures import StudioError
from studio.training.launcher import Launcher, announce, in_launcher, is_companion, is_main, launched_from_outside

MEETING_POINT = (
    "ATELIER_CREW", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
    "TORCHELASTIC_USE_AGENT_STORE", "TORCH_CPP_LOG_LEVEL",
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """A crew writes into the environment; after the test it is as it was."""
    for name in MEETING_POINT:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def program(words: str) -> list[str]:
    return [sys.executable, "-c", words]


def test_companions_are_told_where_to_meet_and_end_with_the_crew(tmp_path):
    words = (
        "import json, os, pathlib, sys;"
        f"pathlib.Path({str(tmp_path)!r}, os.environ['LOCAL_RANK']).write_text(json.dumps(dict(os.environ)))"
    )
    with Launcher(program(words), devices=3):
        assert (in_launcher(), is_companion(), is_main(None)) == (True, False, True)
        port = os.environ["MASTER_PORT"]
    told = [json.loads((tmp_path / str(rank)).read_text()) for rank in (1, 2)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]
    for rank, environment in enumerate(told, start=1):
        assert environment["LOCAL_RANK"] == str(rank)
        assert environment["WORLD_SIZE"] == "3"
        assert environment["MASTER_PORT"] == port


def test_two_crews_at_once_meet_in_different_places():
    ports = []
    with Launcher(program("pass"), devices=2):
        ports.append(os.environ["MASTER_PORT"])
        with Launcher(program("pass"), devices=2):
            ports.append(os.environ["MASTER_PORT"])
    assert ports[0] != ports[1]


def test_companions_that_announce_themselves_are_waited_for():
    words = "from studio.training.launcher import announce; announce()"
    with Launcher(program(words), devices=2) as launcher:
        launcher.wait_for_all()
        assert launcher.killed() == ()


def test_a_companion_that_falls_before_the_meeting_is_named():
    with (
        Launcher(program("raise SystemExit(3)"), devices=2) as launcher,
        pytest.raises(StudioError, match="Process 2 of 2 ended with exit code 3"),
    ):
        launcher.wait_for_all()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_companion_is_named():
    with Launcher(program("import os; os.kill(os.getpid(), 9)"), devices=2) as launcher:
        with pytest.raises(StudioError, match="Process 2 of 2 was killed"):
            launcher.wait_for_all()
        assert len(launcher.killed()) == 1
        assert "SIGKILL" in launcher.killed()[0]


@pytest.mark.skipif(sys.platform != "linux", reason="signals for real time")
def test_a_signal_without_a_name_has_a_number():
    with (
        Launcher(program("import os; os.kill(os.getpid(), 40)"), devices=2) as launcher,
        pytest.raises(StudioError, match=r"was killed \(signal 40\)"),
    ):
        launcher.wait_for_all()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_companion_that_does_not_end_is_ended(tmp_path):
    words = f"import os, time; open({str(tmp_path / 'number')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    with Launcher(program(words), devices=2, grace=0.1):
        while not (tmp_path / "number").exists() or not (tmp_path / "number").read_text():
            time.sleep(0.01)
        number = int((tmp_path / "number").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_several_computers_have_to_be_told_where_to_meet():
    with (
        pytest.raises(StudioError, match="MASTER_ADDR, MASTER_PORT, NODE_RANK") as untold,
        Launcher([], devices=1, nodes=2),
    ):
        pass
    assert "torchrun" in untold.value.remedy


def test_who_is_the_main_process(monkeypatch):
    monkeypatch.setenv("NODE_RANK", "1")  # left over in somebody's shell: one computer has no rank
    assert is_main(None)
    assert is_main(1)
    assert not is_main(2)
    monkeypatch.setenv("ATELIER_CREW", "1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert not is_main(None)
    monkeypatch.delenv("ATELIER_CREW")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank, main in (("0", True), ("1", False)):
        monkeypatch.setenv("RANK", rank)
        assert is_main(None) is main


def test_torchrun_and_srun_are_noticed(monkeypatch):
    assert launched_from_outside() is None
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert launched_from_outside() == (4, 2)
    monkeypatch.delenv("TORCHELASTIC_RUN_ID")
    for name, value in {"SLURM_NTASKS": "6", "SLURM_NNODES": "3", "SLURM_PROCID": "0", "SLURM_JOB_NAME": "x"}.items():
        monkeypatch.setenv(name, value)
    assert launched_from_outside() == (2, 3)
    monkeypatch.setenv("SLURM_JOB_NAME", "bash")
    assert launched_from_outside() is None


def test_nobody_but_companions_announces_itself():
    announce()  # there is no meeting point, and none is asked for
