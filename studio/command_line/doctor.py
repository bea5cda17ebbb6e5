"""`atelier doctor`: looks whether everything is here that the studio needs."""

import os
import sys
from collections.abc import Sequence

from studio.command_line.columns import in_columns
from studio.command_line.exit_codes import DONE, FAILED
from studio.command_line.flags import CommandParser
from studio.command_line.window import what_hinders
from studio.core.diagnosis import Diagnosis, examine
from studio.core.user_folders import UserFolders

_MARKS = {"good": "✓", "missing": "–", "broken": "✗"}


def doctor(arguments: Sequence[str]) -> int:
    """Look at everything and print it; the exit code says whether the studio can work."""
    CommandParser("doctor", "Check device, versions, networks, window and folders.", "").parse_args(arguments)
    obstacle = what_hinders(os.environ, sys.platform)
    window = Diagnosis("window", "missing" if obstacle else "good", obstacle or "can be opened")
    findings = [*examine(UserFolders.standard()), window]
    print(in_columns([(_MARKS[finding.state], finding.subject, finding.words) for finding in findings]))
    return FAILED if any(finding.state == "broken" for finding in findings) else DONE
