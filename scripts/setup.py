"""Prepares what `make run` and `make test` need: the environment, the pinned packages, Qt's system libraries.

Needs nothing but the standard library, and does nothing when everything is in place. The stamp is written last, so
that a set-up interrupted at any instant is noticed and made again.
"""

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import system_libraries
from system_libraries import SetupError

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "atelier-setup.json"
UNFINISHED = VENV / "atelier-setup-unfinished"

REQUIREMENTS = {"run": ("run.txt",), "test": ("run.txt", "test.txt")}

# asks the environment itself: a stamp says nothing about a Python that was upgraded or removed since
PROBE = """
import sys
from importlib.util import find_spec
print("%d.%d" % sys.version_info[:2])
sys.exit(not all(map(find_spec, sys.argv[1:])))
"""


class FetchError(SetupError):
    """The package index does not answer."""


def main() -> int:
    """Prepare for the purpose named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("purpose", choices=REQUIREMENTS)
    parser.add_argument("--torch-index", default="", help="a further package index, e.g. that of PyTorch's CPU builds")
    arguments = parser.parse_args()
    try:
        with _alone():
            prepare(arguments.purpose, arguments.torch_index)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up was interrupted; the next make begins it again.", file=sys.stderr)
        return 130
    return 0


@contextmanager
def _alone() -> Iterator[None]:
    """Keep two set-ups of one checkout from working on the same environment."""
    checkout = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(checkout, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Waiting for another set-up of this checkout to finish …")
            fcntl.flock(checkout, fcntl.LOCK_EX)
        yield
    finally:
        os.close(checkout)


def prepare(purpose: str, torch_index: str = "") -> None:
    """Bring the environment to what `purpose` needs.

    Raises:
        SetupError: something is missing that only the user can provide; the message says what and how.

    """
    fingerprint = _fingerprint(purpose)
    stamp = {} if UNFINISHED.exists() else _read_stamp()
    if stamp.get(purpose) == fingerprint and _environment_works("torch", "PySide6", "studio", stamp=stamp):
        system_libraries.check(VENV, purpose)
        return
    if UNFINISHED.exists():
        _say("The last set-up did not finish; it begins again.")
    if UNFINISHED.exists() or not _environment_works("pip", stamp=stamp):
        _make_environment()
        stamp = {}
    _install(purpose, torch_index)
    UNFINISHED.unlink()
    system_libraries.check(VENV, purpose)
    _prove_qt_loads()
    served = {
        other: _fingerprint(other) for other, files in REQUIREMENTS.items() if {*files} <= {*REQUIREMENTS[purpose]}
    }
    STAMP.write_text(json.dumps({**stamp, "root": str(ROOT), "python": _probe(), **served}))
    _say("Set-up is complete.")


def _fingerprint(purpose: str) -> str:
    digest = hashlib.sha256()
    for path in (ROOT / "pyproject.toml", *_requirement_files(purpose)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _requirement_files(purpose: str) -> list[Path]:
    return [ROOT / "requirements" / name for name in REQUIREMENTS[purpose]]


def _read_stamp() -> dict[str, Any]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _probe(*modules: str) -> str | None:
    """Return the environment's Python version, or None where it does not run or misses one of `modules`."""
    try:
        answer = subprocess.run(
            [PYTHON, "-I", "-c", PROBE, *modules], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _environment_works(*modules: str, stamp: dict[str, Any]) -> bool:
    """Tell whether the environment runs, has `modules`, and is still the one, at the place, that was stamped."""
    version = _probe(*modules)
    if version is None or not stamp:
        return version is not None
    return stamp.get("python") == version and stamp.get("root") == str(ROOT)


def _make_environment() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        system_libraries.install_packages(
            [package], f"This Python ({sys.executable}) lacks the module that makes environments."
        )
    _say(f"Making the environment .venv with Python {sys.version.split()[0]} …")
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    UNFINISHED.touch()
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if made.returncode:
        raise SetupError(
            f"The environment could not be made:\n{made.stdout}{made.stderr}",
            "Mend what it says, or choose another Python with make PYTHON=/path/to/python3.",
        )


def _install(purpose: str, torch_index: str) -> None:
    _say("Installing the pinned packages (the first time this fetches PyTorch and Qt, and takes minutes) …")
    requirements = [part for path in _requirement_files(purpose) for part in ("-r", str(path))]
    extra = ["--extra-index-url", torch_index] if torch_index else []
    UNFINISHED.touch()
    try:
        _pip("install", *requirements, *extra)
    except FetchError:
        UNFINISHED.unlink()  # pip fetches everything before it changes anything: the environment is as it was
        raise
    _pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def _pip(*arguments: str) -> None:
    """Run pip in the environment, showing what it says; its last errors decide the advice."""
    surroundings = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME"}}
    surroundings |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    process = subprocess.Popen(
        [PYTHON, "-m", "pip", *arguments, *quiet],
        stderr=subprocess.PIPE, text=True, errors="replace", env=surroundings, cwd=ROOT,
    )  # fmt: skip
    assert process.stderr is not None
    complaints = []
    for line in process.stderr:
        if "is ignored: it is neither" not in line:  # a local index that lacks one package; says nothing to act on
            sys.stderr.write(line)
        complaints.append(line)
    if process.wait():
        raise _explain_pip("".join(complaints))


def _explain_pip(complaints: str) -> SetupError:
    """Turn what pip complained about into a cause and a remedy."""
    wanted = re.search(r"No matching distribution found for (\S+)", complaints)
    package = wanted[1] if wanted else "a package"
    offline = ("NewConnectionError", "Failed to establish", "name resolution", "ConnectTimeout", "ReadTimeout")
    if any(sign in complaints for sign in (*offline, "ProxyError", "SSLError", "ProtocolError")):
        return FetchError(
            f"{package} could not be fetched: the package index does not answer.",
            "Check the network (HTTPS_PROXY names a proxy, PIP_INDEX_URL a mirror) and run the same command again; "
            "what has been fetched is kept.",
        )
    if "No space left on device" in complaints:
        return SetupError(
            "The disk is full.",
            "Free about 8 GB (2 GB with PyTorch's CPU build, see README.md) and run the same command again.",
        )
    if wanted:
        return SetupError(
            f"There is no {package} for Python {sys.version_info.major}.{sys.version_info.minor} on this machine.",
            "Try another Python, e.g. make PYTHON=python3.12, after removing the folder .venv.",
        )
    return SetupError("pip could not install the packages; its words stand above.", "Run the same command again.")


def _prove_qt_loads() -> None:
    """Open a Qt application without a screen, once: no list of libraries is as sure as that."""
    program = "from PySide6.QtWidgets import QApplication; from PySide6 import QtOpenGLWidgets, QtSvg; QApplication([])"
    shown = subprocess.run(
        [PYTHON, "-I", "-c", program],
        capture_output=True, text=True, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    if shown.returncode:
        raise SetupError(
            f"Qt does not load on this machine:\n{shown.stderr.strip()}",
            "Install the library that it names with the system's package manager, then run the same command again.",
        )


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
