"""A run that goes on without the window: the same command as on the command line, in a process of its own."""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment

import studio
from studio.core.failures import StudioError

LOG = "process.log"


def train_detached(run: Path) -> None:
    """Go on with `run` in another process, which outlives this one.

    What it says goes into RUN/process.log. The run must not be trained by anybody else at this time.

    Raises:
        StudioError: the system would not start it.

    """
    process = QProcess()
    process.setProgram(sys.executable)
    process.setArguments(["-m", "studio.cli", "train", "--resume", str(run)])
    process.setProcessEnvironment(_environment())
    for set_file in (process.setStandardOutputFile, process.setStandardErrorFile):
        set_file(str(run / LOG), QProcess.OpenModeFlag.Append)
    if not process.startDetached():
        raise StudioError(
            f"The run could not go on without the window ({process.errorString()}).",
            f"Resume it here, or run: atelier train --resume “{run}”",
        )


def _environment() -> QProcessEnvironment:
    """Return this process's own, so that the very same program is found, installed or not."""
    environment = QProcessEnvironment.systemEnvironment()
    here = str(Path(studio.__file__).resolve().parents[1])
    paths = [here, *environment.value("PYTHONPATH").split(os.pathsep)]
    environment.insert("PYTHONPATH", os.pathsep.join(dict.fromkeys(path for path in paths if path)))
    return environment
