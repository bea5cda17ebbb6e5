"""The check of a graphics card: here the processor plays both parts, so that every line has run before a card comes."""

import subprocess
import sys
from pathlib import Path

import gpu_check
import pytest
from devices import measure_all
from gpu_checks.jobs import JOBS
from gpu_checks.training import SMALL, TRAINING
from gpu_checks.twins import Differs, near

from studio.core.picture_tasks import PICTURE_TASKS
from studio.jobs import catalog
from studio.training.kinds import KINDS

ROOT = Path(__file__).parents[2]
CHECKS = JOBS | TRAINING
REHEARSED = [*JOBS, *(name for name in TRAINING if "classifier" in name or "there and back" in name)]
"""Every line has to run, not every line for every kind of training: one learns in all ways, the others in one."""
WITHOUT_NETWORK = {
    "adjust", "compose", "degrade", "load_picture", "keep_result", "examine_data", "list_shelf", "download_weights",
    "verify_weights", "import_weights", "remove_weights", "make_drawings", "take_frames",
    "rehearse_run",
}  # fmt: skip
"""Jobs of the catalogue that no device computes; the rehearsal of a run takes steps, which each kind is checked by."""
LEAN = """
import sys
class Lean:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in "PySide6 shiboken6 superqt pyqtgraph rich requests tifffile platformdirs".split():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Lean())
sys.argv = ["gpu_check.py", *sys.argv[1:]]
sys.path.insert(0, "scripts")
import gpu_check
sys.exit(gpu_check.main())
"""


@pytest.mark.parametrize("name", REHEARSED)
def test_the_processor_agrees_with_itself(name):
    assert CHECKS[name]("cpu", "cpu")


@pytest.mark.gpu
@pytest.mark.parametrize("name", CHECKS)
def test_the_card_agrees_with_the_processor(name):
    assert CHECKS[name]("cuda", "cpu")


def test_every_job_that_asks_a_network_and_every_kind_of_training_is_checked():
    jobs = {*catalog._JOBS, *(task.name for task in PICTURE_TASKS)}
    for job in jobs - WITHOUT_NETWORK:
        assert any(name.startswith(job) for name in CHECKS), job
    assert set(SMALL) == {kind.name for kind in KINDS}


def test_everything_is_measured_as_a_ratio():
    rows = list(measure_all("cpu", rehearsal=True))
    assert len({what for what, _, _ in rows}) == len(rows)
    assert all(" × " in ratio for _, _, ratio in rows)


@pytest.mark.parametrize("mine", [[1.0, 2.2], [1.0, float("nan")], [float("inf"), 2.0], [-1.0, 2.0]])
def test_twins_that_differ_are_told_apart(mine):
    with pytest.raises(Differs, match="numbers"):
        near("numbers", mine, [1.0, 2.0], 0.05)
    assert near("numbers", [1.0, 2.1], [1.0, 2.0], 0.05) == "numbers 4.5e-02 (≤ 5e-02)"


def lean(*arguments):
    """Run the script as on a machine that has only what it needs."""
    command = [sys.executable, "-c", LEAN, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_machine_without_qt_and_all_that_no_job_needs_can_check():
    ran = lean("--device", "cpu", "--only", "find_learning_rate classifier")
    assert ran.returncode == 0, ran.stderr
    assert "✓ find_learning_rate classifier: losses 0.0e+00" in ran.stdout
    assert "1 of 1 checks passed" in ran.stdout


def test_what_is_missing_is_said(monkeypatch, capsys):
    monkeypatch.setattr(gpu_check, "NEEDED", "torch nothing_called_so=a-package")
    monkeypatch.setattr(sys, "argv", ["gpu_check.py"])
    assert gpu_check.main() == 2
    assert "pip install a-package" in capsys.readouterr().out


def test_a_device_that_is_not_there_is_said():
    ran = lean("--device", "mps")
    assert (ran.returncode, "torch finds no mps" in ran.stdout) == (2, True)


def test_the_result_replaces_the_one_before_and_nothing_else(monkeypatch, tmp_path):
    page = tmp_path / "gpu.md"
    page.write_text(f"# Title\n{gpu_check.BEGIN}\nNot yet.\n{gpu_check.END}\nThe end.\n", encoding="utf-8")
    monkeypatch.setattr(gpu_check, "PAGE", page)
    for result in ("first", "second"):
        gpu_check.write([result])
    assert page.read_text(encoding="utf-8") == f"# Title\n{gpu_check.BEGIN}\n\nsecond\n\n{gpu_check.END}\nThe end.\n"
    assert gpu_check.BEGIN in (ROOT / "docs/gpu.md").read_text(encoding="utf-8")
