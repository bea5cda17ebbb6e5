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


@pytest.mark.skipif(os.name == "nt", reason="a folder in use stays there")
def test_the_program_starts_where_the_working_folder_is_gone(tmp_path):
    """A photo that is named absolutely needs none; for one that is not, it is said what is wrong."""
    code = (
        "import os, sys; os.rmdir(os.getcwd())\n"
        "from atelier_studio import main\n"
        "sys.argv[1:] = {arguments}; sys.exit(main())"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for number, (arguments, expected) in enumerate(
        [(["--version"], (0, "")), (["recipe", "a.png"], (1, "“a.png” is not there"))]
    ):
        (tmp_path / f"gone{number}").mkdir()
        done = subprocess.run(
            [sys.executable, "-P", "-c", code.format(arguments=arguments)],
            cwd=tmp_path / f"gone{number}", env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, "Traceback" in done.stderr) == (expected[0], False)
        assert expected[1] in done.stderr or "working folder is not there any more" in done.stderr


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
