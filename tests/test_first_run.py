"""`make run` shows a window where one can be shown, and paints by command line elsewhere."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from studio.first_run import has_display, paint_sample

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
    ],
)
def test_display_is_recognised(environment: dict[str, str], platform: str, expected: bool) -> None:
    assert has_display(environment, platform) is expected


def test_sample_is_painted_into_a_folder_that_was_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out" / "first.png"
    assert paint_sample(output, "--size", "64", "--steps", "2") == 0
    assert str(output) in capsys.readouterr().out
    with Image.open(output) as picture:
        assert max(picture.size) == 64


@pytest.mark.display
@pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed (make test says how)")
def test_studio_opens_a_window_on_a_real_screen(virtual_screen: str) -> None:
    environment = {**os.environ, "DISPLAY": virtual_screen, "QT_QPA_PLATFORM": "xcb"}
    search = ["xdotool", "search", "--onlyvisible", "--name", "Atelier"]
    studio = subprocess.Popen([sys.executable, "-m", "studio.first_run"], cwd=ROOT, env=environment)
    try:
        while not subprocess.run(search, env=environment, capture_output=True).stdout:
            assert studio.poll() is None, "the studio ended before it showed a window"
            time.sleep(0.2)  # pytest's time-out ends the wait for a window that never comes
        studio.send_signal(signal.SIGINT)
        assert studio.wait(timeout=60) == 0
    finally:
        studio.kill()
        studio.wait()
