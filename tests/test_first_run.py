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

from studio.first_run import FIRST_PAINTING, main

ROOT = Path(__file__).resolve().parents[1]


def test_without_a_display_a_sample_is_painted_and_its_path_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.chdir(tmp_path)
    assert main(flags=["--size", "64", "--steps", "2"]) == 0
    path = tmp_path / FIRST_PAINTING
    assert capsys.readouterr().out.strip() == str(path)
    with Image.open(path) as picture:
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
