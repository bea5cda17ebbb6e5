"""The program itself, started as a user starts it, on a screen that nobody sees; mouse and keys come from xdotool."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageGrab

from studio.core.library import Library

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.display,
    pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed (make test says how)"),
]


class Desktop:
    """A screen with the studio on it."""

    def __init__(self, display, home, log):
        self._display = display
        self._environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "ATELIER_HOME": str(home)}
        self._log = log
        self.program = None
        self._window = ""

    def start(self, *arguments):
        with self._log.open("wb") as log:
            self.program = subprocess.Popen(
                [sys.executable, "-m", "studio", *arguments],
                cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def xdotool(self, *arguments):
        done = subprocess.run(
            ["xdotool", *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    def waits_for_window(self):
        self.waits_until(lambda: self.xdotool("search", "--onlyvisible", "--name", "^Atelier$"))
        self._window = self.xdotool("search", "--onlyvisible", "--name", "^Atelier$").split()[0]

    def presses(self, keys):
        self.xdotool("windowfocus", "--sync", self._window)
        self.xdotool("key", "--clearmodifiers", keys)

    def sees(self):
        """Return the middle of the canvas."""
        return np.asarray(ImageGrab.grab(xdisplay=self._display).convert("RGB")).astype(int)[250:600, 350:850]

    def waits_until(self, condition, seconds=180):
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.program.poll() is None, f"the program ended: {self.said}"
            assert time.monotonic() < deadline, f"nothing happened for {seconds} s: {self.said}"
            time.sleep(0.1)

    @property
    def said(self):
        return self._log.read_text()


@pytest.fixture
def desktop(virtual_screen, tmp_path):
    desktop = Desktop(virtual_screen, tmp_path / "home", tmp_path / "log.txt")
    yield desktop
    if desktop.program is not None and desktop.program.poll() is None:
        desktop.program.kill()
        desktop.program.wait()


def difference(one, other):
    return float(np.sqrt(np.mean((one - other) ** 2)))


def test_the_studio_opens_with_a_sample_that_paints_itself_and_quits_in_good_order(desktop, tmp_path):
    desktop.start()
    desktop.waits_for_window()
    desktop.waits_until(lambda: desktop.sees().std() > 30)  # the sample photo is there
    photo = desktop.sees()
    desktop.presses("alt+1")  # the painting alone, as soon as there is one
    desktop.waits_until(lambda: difference(desktop.sees(), photo) > 10)
    painted = desktop.sees()
    desktop.waits_until(lambda: difference(desktop.sees(), painted) > 2)  # and it goes on
    desktop.presses("ctrl+q")
    assert desktop.program.wait(timeout=120) == 0
    assert desktop.said == ""
    assert Library(tmp_path / "home" / "library").entries() == ()  # a show: nobody had a hand in it
