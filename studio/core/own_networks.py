"""The networks that the user brought: files in the models folder, each with a record of what was found in it."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.weight_headers import UnknownNetworkError, WeightsError, facts_of, task_of
from studio.core.atomic import write_file
from studio.core.checksums import sha256_of, unreadable
from studio.core.failures import StudioError
from studio.core.memo import Memo
from studio.core.user_folders import UserFolders

if TYPE_CHECKING:
    from models.backbones import WeightsFacts

SUFFIXES = (".safetensors", ".pth", ".pt")


class Record(BaseModel):
    """What is known of a file that was brought: lies beside it as `FILE.json`.

    `origin` is the name under which it came, `complete` False where the file ends before the network does.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    label: str
    architecture: str
    taps: tuple[str, ...]
    complete: bool
    sha256: str
    size: int
    origin: str
    task: str = "backbone"
    header: Mapping[str, str] = Field(default_factory=dict)
    """Of other people's networks: what a file of Atelier's would say of itself, for the lists to read."""


class OwnFiles:
    """The weights files in a folder, and what is known of them. One without a record was put there by hand.

    Args:
        folder: it need not exist.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> tuple[Path, ...]:
        """Return every weights file in the order of names."""
        return tuple(path for path in sorted(self.folder.glob("*")) if path.suffix.lower() in SUFFIXES)

    def record_of(self, path: Path) -> Record | None:
        """Return what is known of a file; None for files elsewhere, and where there is no readable record."""
        if path.parent != self.folder:
            return None
        try:
            return Record.model_validate_json(_record_path(path).read_bytes())
        except (OSError, ValidationError):
            return None

    def write_record(self, path: Path, record: Record) -> None:
        """Put `record` beside the file.

        Raises:
            WriteError: that fails.

        """
        write_file(_record_path(path), record.model_dump_json(indent=2).encode())

    def delete(self, path: Path) -> None:
        """Delete a file and its record.

        Raises:
            StudioError: that fails.

        """
        try:
            path.unlink(missing_ok=True)
            _record_path(path).unlink(missing_ok=True)
        except OSError as error:
            raise StudioError(
                f"{path.name} could not be removed ({error.strerror}).",
                f"Close other programs that use it, or check the permissions of {path.parent}.",
            ) from error


def task_on_shelf(path: Path) -> str:
    """Return what the network in `path` is for, as far as its header tells: "backbone" where it says nothing else.

    A classifier is a backbone, too: it looks at pictures.
    """
    task = task_of(facts_of(path))
    return "backbone" if task in ("", "classifier") else task


def look_inside(path: Path, architecture: str = "") -> "WeightsFacts":
    """Find out which network is in `path`, or whether it is `architecture`; imports torch.

    Raises:
        StudioError: it is none that the studio knows, damaged, or holds more than numbers.

    """
    from models.backbones import WeightsFacts, inspect_weights

    try:
        facts, task = facts_of(path), task_on_shelf(path)
        own = facts.get("architecture", task)
        if task == "backbone" or architecture not in ("", own):
            try:
                return inspect_weights(path, architecture)
            except UnknownNetworkError as unknown:
                if not (header := foreign_header(path)):
                    raise unknown from None
            design = header.get("design") or json.loads(header["shape"])["design"]
            return WeightsFacts(design, (), complete=True, header=header)
        if task == "fast_style":
            from models.fast_style_files import load_fast_style

            load_fast_style(path)
        else:
            from models.weight_files import read_tensors

            read_tensors(path)  # whoever works with it sees whether it fits its own description
        return WeightsFacts(own, (), complete=True)
    except WeightsError as error:
        raise StudioError(str(error), "Choose another weights file, or get this one again.") from error
    except OSError as error:
        raise unreadable(path, error) from error


def foreign_header(path: Path) -> dict[str, str]:
    """Return what a file of Atelier's would say of what others made; {} where it neither restores nor translates.

    It is found out once and remembered: that imports torch, and may take ten seconds.

    Raises:
        WeightsError: the file is damaged, or what it holds cannot restore photos.
        OSError: it cannot be read.

    """
    memo, key = Memo(UserFolders.standard().cache / "foreign.json"), sha256_of(path)
    known = memo.read().get(key)
    if isinstance(known, dict):
        return {str(name): str(value) for name, value in known.items()}
    from models import foreign_restorers, restoration, translation

    try:
        header = translation.foreign_facts(path).to_metadata()  # which only looks at names and shapes
    except UnknownNetworkError:
        try:
            header = restoration.foreign_facts(foreign_restorers.load_foreign(path)).to_metadata()
        except UnknownNetworkError:
            return {}
    memo.remember(key, header)
    return header


def free_name(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """Make a name for files and command lines out of `wanted`, numbered where it is taken."""
    plain = re.sub(r"[^\w.-]+", "-", wanted).strip("-.") or "network"
    number, name = 1, plain
    while is_taken(name):
        number += 1
        name = f"{plain}-{number}"
    return name


def _record_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")
