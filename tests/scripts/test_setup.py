"""Set-up says what is wrong and what to do, and repairs what an interruption left behind."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout whose one requirement lies on an index that does not answer."""
    for name in ("setup.sh", "setup.py", "system_libraries.py"):
        (tmp_path / "scripts").mkdir(exist_ok=True)
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts" / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text("brushes==1.0\n")
    (tmp_path / "requirements" / "test.txt").write_text("")
    return tmp_path


def set_up(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}
    command = ["sh", str(checkout / "scripts" / "setup.sh"), "run"]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **offline, **environment})


def test_unreachable_index_is_named_and_interrupted_set_up_begins_again(checkout: Path) -> None:
    first = set_up(checkout)
    assert first.returncode == 1
    assert "brushes==1.0 could not be fetched" in first.stderr
    assert "Check the network" in first.stderr
    assert "Traceback" not in first.stderr

    leftover = checkout / ".venv" / "half-installed"
    leftover.touch()
    set_up(checkout)
    assert leftover.exists()  # nothing had been changed, so the environment is used as it is

    (checkout / ".venv" / "atelier-setup-unfinished").touch()  # what a killed set-up leaves
    set_up(checkout)
    assert not leftover.exists()


@pytest.mark.parametrize("python", ["false", "no-such-python"])
def test_unsuitable_python_is_answered_with_the_command_to_install_one(checkout: Path, python: str) -> None:
    answer = set_up(checkout, PYTHON=python)
    assert answer.returncode == 1
    assert python in answer.stderr
    assert "sudo apt-get install python3 python3-venv" in answer.stderr


def test_every_dependency_is_pinned_within_its_declared_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {}
    for name in ("run.txt", "test.txt"):
        for line in (ROOT / "requirements" / name).read_text().splitlines():
            if not line.startswith("#"):
                pin, _, version = line.partition("==")
                pins[canonicalize_name(pin)] = version
    declared = map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["dev"]])
    for requirement in declared:
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), str(requirement)
