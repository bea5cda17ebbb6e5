"""Whether everything is here that the studio needs: for `atelier doctor`, and for reports from the window."""

import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from studio import __version__
from studio.core.failures import StudioError
from studio.core.user_folders import UserFolders

__all__ = ["Diagnosis", "examine"]

_PACKAGES = ("torchvision", "numpy", "pillow", "opencv-python-headless", "PySide6-Essentials", "superqt")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at. Only a "broken" one keeps the studio from working."""

    subject: str
    state: Literal["good", "missing", "broken"]
    words: str


def examine(folders: UserFolders) -> Iterator[Diagnosis]:
    """Look at versions, the device, the networks and the folders, in this order; loads torch."""
    yield Diagnosis("atelier", "good", f"{__version__}, Python {platform.python_version()}")
    yield from _device()
    yield from (_package(name) for name in _PACKAGES)
    yield from _networks(folders)
    for subject, folder in (
        ("library", folders.library),
        ("models folder", folders.models),
        ("training runs", folders.runs),
        ("cache", folders.cache),
        ("config", folders.config),
        ("logs", folders.logs),
    ):
        yield _folder(subject, folder, folders)


def _device() -> Iterator[Diagnosis]:
    try:
        from studio.core.device import describe_device
        from studio.core.inference_format import FormatMemo

        yield from (Diagnosis(subject, "good", words) for subject, words in describe_device().items())
        for kind, (format, speed) in sorted(FormatMemo.standard().known().items()):
            yield Diagnosis(f"Format of {kind}", "good", f"{format}: {speed:.1f} × the speed of plain float32")
    except StudioError as error:
        yield Diagnosis("device", "broken", str(error))
    except (ImportError, OSError, RuntimeError) as error:
        yield Diagnosis("device", "broken", f"torch cannot be loaded ({error}): install it again, see pytorch.org")


def _package(name: str) -> Diagnosis:
    try:
        return Diagnosis(name, "good", version(name))
    except PackageNotFoundError:
        optional = name in ("PySide6-Essentials", "superqt")
        return Diagnosis(name, "missing" if optional else "broken", f"not installed: pip install {name}")


def _networks(folders: UserFolders) -> Iterator[Diagnosis]:
    from studio.core.model_shelf import ModelShelf

    for entry in ModelShelf(folders.models).entries():
        if entry.is_here:
            yield Diagnosis(entry.label, "good", str(entry.path))
        elif entry.state == "damaged":
            yield Diagnosis(entry.label, "missing", f"{entry.path} is damaged. {entry.note}")
        else:
            how = f"atelier models download {entry.name}" if entry.url else "this version came without it"
            yield Diagnosis(entry.label, "missing", f"not on this computer: {how}")


def _folder(subject: str, folder: Path, folders: UserFolders) -> Diagnosis:
    """Try to write: permissions alone do not tell of full and read-only disks."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return Diagnosis(subject, "good", str(folder))
    except OSError as error:
        return Diagnosis(
            subject, "broken", f"{folder} cannot be written to ({error.strerror}). {folders.remedy_for(folder)}"
        )
