"""`atelier train` as a person types it: begun, paused, gone on with, on one device and on two."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from training_kit import toy_kind

from studio.cli import main
from studio.command_line import train_arguments
from studio.training import kinds
from studio.training.data.sources import DataCount
from studio.training.run_folder import RunFolder
from studio.training.run_log import RunHistory
from studio.training.schedule_presets import constant
from studio.training.task_kind import DataSlot
from studio.training.tasks.classifier_settings import CLASSIFIER, ClassifierSettings

ROOT = Path(__file__).resolve().parents[2]
SMALL = [
    "--size",
    "16",
    "--batch",
    "4",
    "--sample-every",
    "100000",
    "--validate-every",
    "100000",
    "--accelerator",
    "cpu",
]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two classes that even a tiny network tells apart."""
    folder, chance = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number, name in enumerate(("dark", "light")):
        (folder / name).mkdir()
        for index in range(8):
            pixels = chance.integers(0, 90, (20, 20, 3)) + 150 * number
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


def test_an_estimate_is_given_and_nothing_begun(pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["train", "cyclegan", "--data-a", str(pictures / "dark"), "--data-b", str(pictures / "light")]
    tiny = ["--size", "32", "--width", "4", "--blocks", "1", "--critic-width", "4", "--kid-crops", "0"]
    assert main([*words, *tiny, "--steps", "400", "--accelerator", "cpu", "--estimate", "--events"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    report = lines[-1]
    assert (report["type"], report["steps"], report["measured"]) == ("report", 400, 5)
    assert report["seconds"] > 0
    warned = [line["message"] for line in lines if line["type"] == "log" and line["level"] == "warning"]
    assert not warned  # the doctor speaks when a run begins
    assert list(tmp_path.iterdir()) == []
    assert main([*words, *tiny]) == 2
    assert "-o/--output" in capsys.readouterr().err


def history_of(run: Path) -> RunHistory:
    history = RunHistory(run / "events.jsonl")
    history.poll()
    return history


# -- in one process ----------------------------------------------------------------------------------------------------


def test_a_run_is_trained_and_its_network_is_the_result(pictures, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", "classifier", "--data", str(pictures), "-o", str(run), "--steps", "3", *SMALL]) == 0
    out, err = capsys.readouterr()
    assert out.strip() == str(run / "model.safetensors")
    assert Path(out.strip()).exists()
    assert "2 classes" in err
    assert "Step 3 of 3" in err  # a log file gets lines instead of a bar
    plan = RunFolder(run).read_plan()
    assert (plan.task, plan.data) == ("classifier", {"data": (str(pictures),)})
    assert plan.settings["steps"] == 3
    assert "width" not in plan.settings  # what nobody asked for keeps following the defaults

    assert main(["train", "--resume", str(run), "--steps", "5", "--accelerator", "cpu", "--events"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"progress", "metrics", "log", "result"} <= {event["type"] for event in events}
    assert events[-1] == {
        "t": events[-1]["t"], "type": "result", "path": str(run / "model.safetensors"), "state": "finished",
        "finished": True, "step": 5, "seconds": events[-1]["seconds"],
    }  # fmt: skip
    assert RunFolder(run).read_plan().settings["steps"] == 5

    assert main(["train", "--resume", str(run), "--batch", "2", "--accelerator", "cpu"]) == 1
    assert "“Pictures a step” (4 → 2)" in capsys.readouterr().err
    assert RunFolder(run).read_plan().settings["batch"] == 4


def test_a_schedule_comes_from_a_file_or_a_preset(pictures, tmp_path):
    common = ["train", "classifier", "--data", str(pictures), *SMALL]
    assert main([*common, "-o", str(tmp_path / "preset"), "--preset", "constant:duration=2,unit=steps,rate=0.02"]) == 0
    schedule = RunFolder(tmp_path / "preset").read_plan().schedule
    assert (schedule.phases[0].duration, schedule.phases[0].learning_rate.start) == (2, 0.02)
    drawn = schedule.model_copy(update={"phases": (schedule.phases[0].model_copy(update={"name": "Only one"}),)})
    (tmp_path / "drawn.json").write_text(drawn.model_dump_json())
    assert main([*common, "-o", str(tmp_path / "drawn"), "--schedule", str(tmp_path / "drawn.json")]) == 0
    assert RunFolder(tmp_path / "drawn").read_plan().schedule == drawn


def test_data_that_has_moved_is_found_again(pictures, tmp_path, capsys):
    run, old, new = tmp_path / "run", tmp_path / "old", tmp_path / "new"
    shutil.copytree(pictures, old)
    assert main(["train", "classifier", "--data", str(old), "-o", str(run), "--steps", "1", *SMALL]) == 0
    old.rename(new)
    resume = ["train", "--resume", str(run), "--steps", "2", "--accelerator", "cpu"]
    assert main(resume) == 1
    assert f"{old} is not there" in capsys.readouterr().err
    assert main([*resume, "--data", str(new)]) == 0
    assert RunFolder(run).read_plan().data == {"data": (str(new),)}
    (new / "dark" / "0.png").unlink()
    assert main(["train", "--resume", str(run), "--steps", "3", "--accelerator", "cpu"]) == 1
    assert "the pictures it learns from" in capsys.readouterr().err


def two_slots(monkeypatch):
    """A toy that learns from two things, as CycleGAN does."""
    kind = replace(toy_kind(), data=tuple(DataSlot(name, title, "pictures", f"{title}.") for name, title in
                                          (("a", "Horses"), ("b", "Zebras"))))  # fmt: skip
    monkeypatch.setattr(kinds, "KINDS", (kind,))
    monkeypatch.setattr(train_arguments, "KINDS", (kind,))


def test_every_slot_of_a_kind_has_a_flag(pictures, tmp_path, capsys, monkeypatch):
    two_slots(monkeypatch)
    run, sides = tmp_path / "run", [pictures / "dark", pictures / "light"]
    typed = ["train", "toy", "--data-a", str(sides[0]), "--data-b", str(sides[1]), "-o", str(run), *SMALL]
    assert main([*typed, "--steps", "2"]) == 0
    assert RunFolder(run).read_plan().data == {"a": (str(sides[0]),), "b": (str(sides[1]),)}
    moved = shutil.copytree(sides[1], tmp_path / "moved")
    assert main(["train", "--resume", str(run), "--steps", "3", "--data-b", str(moved), "--accelerator", "cpu"]) == 0
    assert RunFolder(run).read_plan().data == {"a": (str(sides[0]),), "b": (str(moved),)}
    capsys.readouterr()
    assert main(["train", "toy", "--data-a", str(sides[0]), "-o", str(tmp_path / "new"), *SMALL]) == 2
    assert "--data-b" in capsys.readouterr().err
    assert main(["train", "toy", "--help"]) == 0
    assert "--data-a DIR… --data-b DIR… -o RUN" in capsys.readouterr().out


def test_a_phase_s_own_data_counts_from_where_the_schedule_lies(pictures, tmp_path, capsys):
    shutil.copytree(pictures, tmp_path / "plans" / "small")
    drawn, file = constant(duration=2, unit="steps"), tmp_path / "plans" / "drawn.json"
    typed = [
        "train",
        "classifier",
        "--data",
        str(pictures),
        "-o",
        str(tmp_path / "run"),
        "--schedule",
        str(file),
        *SMALL,
    ]
    for data, words in ((["gone"], "gone is not there"), ({"b": ["small"]}, "there is no “b”, only data")):
        file.write_text(json.dumps({"phases": [{**drawn.phases[0].model_dump(mode="json"), "data": data}]}))
        assert main(typed) == 2
        assert words in capsys.readouterr().err
    file.write_text(json.dumps({"phases": [{**drawn.phases[0].model_dump(mode="json"), "data": ["small"]}]}))
    assert main(typed) == 0
    phase = RunFolder(tmp_path / "run").read_plan().schedule.phases[0]
    assert phase.data == {"data": (str(tmp_path / "plans" / "small"),)}


def test_a_phase_s_own_data_that_has_moved_is_found_again(pictures, tmp_path, capsys):
    own, file, run = tmp_path / "own", tmp_path / "drawn.json", tmp_path / "run"
    shutil.copytree(pictures, own)
    (drawn,) = constant(duration=4, unit="steps").phases
    phases = [drawn.model_dump(mode="json"), {**drawn.model_dump(mode="json"), "data": [str(own)]}]
    file.write_text(json.dumps({"phases": phases}))
    typed = ["train", "classifier", "--data", str(pictures), "-o", str(run), "--schedule", str(file), *SMALL]
    assert main([*typed, "--steps", "2"]) == 0
    moved = own.rename(tmp_path / "moved")
    resume = ["train", "--resume", str(run), "--steps", "6", "--accelerator", "cpu"]
    assert main([*resume, "--data-of-phase", "1", str(moved)]) == 2
    assert "phase 1 has no data of its own (only 2)" in capsys.readouterr().err
    assert main([*resume, "--data-of-phase", "2", str(moved)]) == 0
    assert RunFolder(run).read_plan().schedule.phases[1].data == {"data": (str(moved),)}


def test_a_finished_run_is_extended_and_one_that_rests_is_kept(pictures, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", "classifier", "--data", str(pictures), "-o", str(run), "--steps", "2", *SMALL]) == 0
    resume = ["train", "--resume", str(run), "--accelerator", "cpu", "--events"]
    assert main([*resume, "--extend", "3"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["step"] == 5
    assert RunFolder(run).read_plan().extended == (2,)
    assert main([*resume, "--extend", "many"]) == 2
    assert "is not a number of steps" in capsys.readouterr().err
    assert main([*resume, "--steps", "9", "--keep"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["state"], last["step"]) == ("stopped", 5)


def test_the_length_is_judged_by_the_data(pictures, tmp_path):
    typed = ["train", "classifier", "--data", str(pictures), "--steps", "1", *SMALL]
    assert main([*typed, "-o", str(tmp_path / "run")]) == 0
    suited = CLASSIFIER.schedule_for(ClassifierSettings(batch=4), DataCount(16, (8, 8)))
    assert RunFolder(tmp_path / "run").read_plan().schedule == suited.schedule


def test_a_part_of_the_data_and_its_split_have_flags(pictures, tmp_path, capsys):
    data = shutil.copytree(pictures, tmp_path / "data" / "train").parent
    for name in ("dark", "light"):
        (data / "valid" / name).mkdir(parents=True)
        for number in (6, 7):
            (data / "train" / name / f"{number}.png").rename(data / "valid" / name / f"{number}.png")
    typed = ["train", "classifier", "--data", str(data), "--steps", "1", *SMALL]
    said = {}
    for more in ((), ("--share", "50"), ("--no-split",)):
        assert main([*typed, "-o", str(tmp_path / f"run {len(said)}"), *more]) == 0
        said[more] = capsys.readouterr().err
    assert "16 pictures in colour: 12 to learn from, 4 kept" in said[()]
    assert "8 pictures in colour: 6 to learn from, 2 kept" in said["--share", "50"]
    assert "16 pictures in colour: 13 to learn from, 3 kept" in said["--no-split",]  # of train and valid as classes


def test_a_command_that_failed_to_begin_can_be_typed_again(pictures, tmp_path, capsys):
    run, data = tmp_path / "run", tmp_path / "data"
    data.mkdir()
    typed = ["train", "classifier", "--data", str(data), "-o", str(run), "--steps", "1", *SMALL]
    assert main(typed) == 1
    assert "There are no pictures" in capsys.readouterr().err
    shutil.copytree(pictures, data, dirs_exist_ok=True)
    assert main(typed) == 0
    assert history_of(run).logged_state == "finished"
    assert main(typed) == 2  # now there is something to lose


WRONG = {
    "no kind": (["nothing"], "“nothing” is no kind of training"),
    "no data": (["classifier", "-o", "{tmp}/new"], "--data"),
    "data that is not there": (["classifier", "--data", "{tmp}/no", "-o", "{tmp}/new"], "no is not there"),
    "a run already": (["classifier", "--data", "{tmp}", "-o", "{tmp}/run"], "atelier train --resume {tmp}/run"),
    "a full folder": (["classifier", "--data", "{tmp}", "-o", "{tmp}/full"], "not an empty folder"),
    "no such setting": (["classifier", "--data", "{tmp}", "-o", "{tmp}/new", "--sise", "3"], "--sise"),
    "out of range": (["classifier", "--data", "{tmp}", "-o", "{tmp}/new", "--batch", "0"], "0 is not between 1"),
    "no such preset": (["classifier", "--data", "{tmp}", "-o", "{tmp}/new", "--preset", "x"], "one_cycle"),
    "a preset's wrong number": (
        ["classifier", "--data", "{tmp}", "-o", "{tmp}/new", "--preset", "sgdr:rate=99"],
        "rate",
    ),
    "a broken schedule": (
        ["classifier", "--data", "{tmp}", "-o", "{tmp}/new", "--schedule", "{tmp}/run/run.json"],
        "phases",
    ),
    "no run": (["--resume", "{tmp}/full"], "not a run's folder"),
    "no devices": (["classifier", "--data", "{tmp}", "-o", "{tmp}/new", "--devices", "0"], "number of processes"),
    "no time": (["classifier", "--data", "{tmp}", "-o", "{tmp}/new", "--timeout", "-1"], "number of seconds"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_told_in_two_lines_and_make_nothing(tmp_path, capsys, name):
    for folder, file in (("run", "run.json"), ("full", "letter.txt")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text("{}")
    arguments, words = WRONG[name]
    assert main(["train", *(argument.replace("{tmp}", str(tmp_path)) for argument in arguments)]) == 2
    told = capsys.readouterr().err
    assert words.replace("{tmp}", str(tmp_path)) in told
    assert len(told.splitlines()) == 2
    assert not (tmp_path / "new").exists()


def test_help_names_every_kind_and_every_setting(capsys):
    assert main(["train", "--help"]) == main(["train"]) == 0
    assert "classifier" in capsys.readouterr().out
    assert main(["train", "classifier", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(flag in told for flag in ("--data", "--steps", "--family", "--devices", "--num-nodes", "--preset"))


# -- in two processes --------------------------------------------------------------------------------------------------


class Typed:
    """A command in a process of its own, and what it says with `--events`."""

    def __init__(self, words: list[str]) -> None:
        self.process = subprocess.Popen(
            [*words, "--events"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        )  # fmt: skip
        self.events: list[dict[str, object]] = []

    def until(self, enough: Callable[[dict[str, object]], bool]) -> None:
        """Listen until that was said, or to the end."""
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if enough(self.events[-1]):
                return

    def end(self) -> tuple[int, str]:
        """Listen to the end; returns exit code and stderr."""
        self.until(lambda event: False)
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(), errors

    def companions(self) -> list[int]:
        """The numbers of the processes it has started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(number) for number in children]


def at_step(step: int, of: int) -> Callable[[dict[str, object]], bool]:
    return lambda event: event["type"] == "progress" and event["total"] == of and event["done"] >= step


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks Linux for the processes")
def test_two_processes_pause_and_go_on_under_torchrun(pictures, tmp_path):
    run, script = tmp_path / "run", tmp_path / "atelier"  # as pip writes it
    script.write_text("import sys\nfrom studio.cli import main\nif __name__ == '__main__':\n    sys.exit(main())\n")

    typed = Typed([sys.executable, str(script), "train", "classifier", "--data", str(pictures), "-o", str(run),
                   "--devices", "2", "--preset", "constant:duration=1000,unit=steps", *SMALL])  # fmt: skip
    typed.until(at_step(2, of=1000))
    companions = typed.companions()
    typed.process.send_signal(signal.SIGTERM)  # only the one that a person knows of
    assert typed.end()[0] == 130
    assert typed.events[-2]["state"] == "paused"
    paused_at = typed.events[-2]["step"]
    assert paused_at >= 2
    assert f"atelier train --resume {run}" in typed.events[-1]["message"]
    assert history_of(run).logged_state == "paused"
    assert len(companions) == 1
    assert not Path(f"/proc/{companions[0]}").exists()

    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
                "-m", "studio.cli"]  # fmt: skip
    last = paused_at + 3
    typed = Typed([*torchrun, "train", "--resume", str(run), "--steps", str(last), "--accelerator", "cpu"])
    assert typed.end()[0] == 0
    assert [event for event in typed.events if event["type"] == "result"] == [typed.events[-1]]  # one of them speaks
    assert (typed.events[-1]["state"], typed.events[-1]["step"]) == ("finished", last)
    assert (run / "model.safetensors").exists()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks Linux for the processes")
def test_a_companion_that_is_killed_is_named_and_nothing_is_made(pictures, tmp_path, capsys, monkeypatch):
    """Before the meeting; what becomes of a run that loses one in its midst is told in test_distributed_training."""
    for name in ("ATELIER_CREW", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "WORLD_SIZE",
                 "TORCHELASTIC_USE_AGENT_STORE", "TORCH_CPP_LOG_LEVEL"):  # fmt: skip
        monkeypatch.setenv(name, "")  # so that whatever is set here is put back
        monkeypatch.delenv(name)
    run, mine = tmp_path / "run", Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = set(mine.read_text().split())

    def kill_the_first() -> None:
        while not (born := set(mine.read_text().split()) - before):
            time.sleep(0.01)
        os.kill(int(born.pop()), signal.SIGKILL)

    killer = threading.Thread(target=kill_the_first, daemon=True)
    killer.start()
    typed = ["train", "classifier", "--data", str(pictures), "-o", str(run), "--devices", "2", "--events", *SMALL]
    assert main(typed) == 1
    killer.join()
    told = capsys.readouterr()
    assert "atelier: Process 2 of 2 was killed (SIGKILL; often that means that memory ran out)." in told.err
    told_types = [json.loads(line)["type"] for line in told.out.splitlines()]  # the doctor speaks first
    assert told_types[-2:] == ["log", "failed"]
    assert "result" not in told_types
    assert not run.exists()
