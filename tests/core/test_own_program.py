"""The program's children: nothing that lies in the working folder is run in place of a module."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.own_program import own_command, shield_children

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def trapped(tmp_path):
    """A working folder full of files that are called like modules; whoever runs one leaves a mark."""
    for name in ("copy", "models", "studio", "random", "json", "torch", "assets"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\n")
    return tmp_path


def test_the_program_started_by_itself_runs_nothing_of_the_working_folder(trapped):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(own_command("--version"), cwd=trapped, env=environment, capture_output=True, text=True)
    assert done.stdout.startswith("atelier")
    assert not (trapped / "ran").exists()


def test_what_libraries_start_runs_nothing_of_it_either(trapped):
    shield_children()
    subprocess.run([sys.executable, "-c", "import copy, random, json"], cwd=trapped, check=True)
    assert not (trapped / "ran").exists()


def test_several_processes_and_workers_train_where_such_files_lie(trapped):
    """The main process's companion, and the processes that read pictures, are Pythons of their own."""
    command = own_command(
        "train", "classifier", "--data", str(ROOT / "assets/samples"), "-o", "run", "--steps", "2", "--size", "32",
        "--batch", "4", "--width", "narrow", "--devices", "2", "--accelerator", "cpu", "--workers", "1", "--events",
    )  # fmt: skip
    done = subprocess.run(command, cwd=trapped, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (trapped / "ran").exists()
