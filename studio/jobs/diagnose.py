"""What a report about a fault needs to say of this computer, as text."""

from typing import Any

from studio.core.controls import Controls
from studio.core.diagnosis import examine
from studio.core.events import Job, Progress
from studio.core.user_folders import UserFolders

_LAST_LINES = 40


def diagnose(folders: UserFolders, controls: Controls[Any]) -> Job[str]:
    """Look at everything that `atelier doctor` looks at, and at the end of the log."""
    said = []
    for finding in examine(folders):
        yield Progress(f"Looking at {finding.subject}")
        said.append(f"{finding.subject}: {finding.words}")
    log = folders.log
    if log.is_file():
        said += ["", f"The end of {log}:", *log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]]
    return "\n".join(said)
