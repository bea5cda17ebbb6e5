"""What every test stands on: no screen, a home of its own, the same random examples each time."""

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

# before anything imports Qt or torch
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests' pictures are tiny; more threads wait on a busy machine
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # each worker and each program started would compile all of it anew
    sys.dont_write_bytecode = False

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
FORMATS = "cache/formats.json"
"""Where a home keeps in which formats networks compute fastest: measured once, not in each test that paints."""

settings.register_profile("atelier", deadline=None, derandomize=True, database=None)
settings.load_profile("atelier")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders in one of their own: pytest's `mktemp` goes through all that there are, which are thousands."""
    folder = tmp_path_factory.mktemp("homes")

    def made() -> Iterator[Path]:
        for number in count():
            home = folder / str(number)
            home.mkdir()
            yield home

    return made()


@pytest.fixture(scope="session", autouse=True)
def home_of_the_session(homes: Iterator[Path]) -> Iterator[Path]:
    """Give the fixtures that several tests share a home, too: they are made before a test has its own."""
    with pytest.MonkeyPatch.context() as patch:
        yield live_in(next(homes), patch)


def live_in(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Let the program take `folder` for all that the user has."""
    patch.setenv("ATELIER_HOME", str(folder))
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    patch.setenv("XDG_DATA_HOME", str(folder / "data"))
    return folder


@pytest.fixture(scope="session")
def measured_formats(home_of_the_session: Path) -> bytes:
    """Find out once, as the program does when it is first started, in which formats paintings are made fastest here."""
    if "torch" not in sys.modules:  # none of these tests paints
        return b""
    from job_kit import run

    from studio.jobs.warm_up import warm_up

    run(warm_up, "squeezenet1_1:untrained")
    return (home_of_the_session / FORMATS).read_bytes()


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], measured_formats: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home of its own, so that no test reads or writes the developer's preferences and library."""
    folder = next(homes)
    if measured_formats:
        (folder / FORMATS).parent.mkdir()
        (folder / FORMATS).write_bytes(measured_formats)
    live_in(folder, monkeypatch)
    monkeypatch.setenv("PYTHONSAFEPATH", "")  # the program sets it for its own children; a test's need the checkout
    return folder


@pytest.fixture(autouse=True)
def own_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be those pairs of worlds and generators alone that a test makes: not those that come along."""
    from dataclasses import replace

    from studio.core import model_shelf

    packaged = model_shelf.packaged_weights()
    networks = tuple(one for one in packaged.manifest.networks if one.task not in ("translator", "generator"))
    without = replace(packaged, manifest=packaged.manifest.model_copy(update={"networks": networks}))
    monkeypatch.setattr(model_shelf, "packaged_weights", lambda: without)


@pytest.fixture
def shipped_worlds(own_worlds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring back the pairs and generators that come along, as a new user has them."""
    from studio.core import known_networks, model_shelf

    monkeypatch.setattr(model_shelf, "packaged_weights", known_networks.packaged_weights)


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """No test cuts the power, so none waits until the disk has what it wrote; `test_atomic` asks for it itself."""

    def known(file: int) -> None:
        os.fstat(file)  # a closed one is still an error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", known)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real pictures and networks that lies beside the checkout; skip where it does not."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the development data ../shared/data is not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def virtual_screen() -> Iterator[str]:
    """Start Xvfb and return its DISPLAY, for programs run as a user would; skip where it is not installed."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed (make test says how)")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], 30)
        number = os.read(reading, 16).decode().strip() if ready else ""
        if not number:
            pytest.fail("Xvfb did not start within 30 seconds")
        yield f":{number}"
    finally:
        os.close(reading)
        server.terminate()
        server.wait(timeout=30)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, saying why."""
    missing = {"data": "" if SHARED_DATA.is_dir() else "the development data ../shared/data is not on this machine"}
    missing["display"] = "" if shutil.which("Xvfb") else "Xvfb is not installed (make test says how)"
    if any(item.get_closest_marker("gpu") for item in items):
        import torch

        missing["gpu"] = "" if torch.cuda.is_available() else "there is no CUDA device on this machine"
    for item in items:
        for marker, reason in missing.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def nothing_measured(home: Path) -> None:
    """A computer on which Atelier has never been started."""
    (home / FORMATS).unlink(missing_ok=True)


@pytest.fixture
def studio(qapp, tmp_path):
    """The whole studio with its window shown; closed afterwards, with nothing left running."""
    from studio_kit import open_studio

    with open_studio(tmp_path / "atelier home") as studio:
        yield studio
