"""The pictures that come with the studio, so that the first start shows something and works without a network."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

Kind = Literal["photo", "painting"]

_FOLDERS: dict[Kind, str] = {"photo": "photos", "painting": "paintings"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One packaged picture. `credit` names who made it, `licence` under which terms it comes along."""

    name: str
    title: str
    credit: str
    licence: str
    kind: Kind
    path: Path


def sample_photos() -> tuple[Sample, ...]:
    """Return the packaged photos in the order of credits.json."""
    return samples_in(_packaged(), "photo")


def sample_paintings() -> tuple[Sample, ...]:
    """Return the packaged paintings in the order of credits.json."""
    return samples_in(_packaged(), "painting")


def find_sample(sha256: str) -> Path | None:
    """Return the packaged picture whose file has this sha256, or None.

    Those in `former` are on no shelf any more, but fast styles learnt them and recipes name them.
    """
    return next((path for path in sorted(_packaged().glob("*/*.jpg")) if _sha256(path) == sha256), None)


def title_of_sample(sha256: str) -> str:
    """Return what the packaged picture with this sha256 is called, "" where there is none."""
    return _titles().get(sha256, "")


def samples_in(root: Path, kind: Kind) -> tuple[Sample, ...]:
    """Return what credits.json in `root` lists and the folder holds; pictures without a credit come last."""
    folder = root / _FOLDERS[kind]
    files = {path.name: path for path in sorted(folder.glob("*.jpg"))}
    listed = [entry for entry in _credits(root) if Path(str(entry.get("file", ""))).name in files]
    ours = [entry for entry in listed if entry.get("kind", kind) == kind]
    samples = [_sample(entry, files.pop(Path(str(entry["file"])).name), kind) for entry in ours]
    return (*samples, *(_sample({}, path, kind) for path in files.values()))


def _packaged() -> Path:
    return Path(str(resources.files("assets"))) / "samples"


def _sample(entry: dict[str, Any], path: Path, kind: Kind) -> Sample:
    return Sample(
        name=path.stem,
        title=str(entry.get("title", path.stem.replace("_", " ").capitalize())),
        credit=str(entry.get("credit", "")),
        licence=str(entry.get("licence", "")),
        kind=kind,
        path=path,
    )


def _credits(root: Path) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = json.loads((root / "credits.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return entries


@cache
def _titles() -> dict[str, str]:
    return {_sha256(sample.path): sample.title for sample in (*sample_photos(), *sample_paintings())}


@cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
