"""The model shelf: every network the studio knows or was given, where its weights lie, and what can be done with them.

A network's file is looked for in the package, in the user's models folder, and where torch keeps its downloads. What
the user brings is copied into the models folder. Listing the shelf reads no weights; only checking and importing do.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from models.weight_headers import facts_of, is_cut_off, task_of
from studio.core.atomic import write_error, written_in_pieces
from studio.core.checksums import hashing, pieces_of
from studio.core.events import Job, Log, Progress, finish
from studio.core.failures import StudioError
from studio.core.file_names import expanded
from studio.core.known_networks import KnownNetwork, PackagedWeights, packaged_weights
from studio.core.own_networks import SUFFIXES, OwnFiles, Record, free_name, look_inside, task_on_shelf
from studio.core.partial_files import PartialFile, Patience
from studio.core.shelf_entry import FoundFile, Location, ShelfEntry, State, known_entry, own_entry
from studio.core.sizes import of_megabytes
from studio.core.user_folders import UserFolders

__all__ = [
    "DownloadTask",
    "ImportTask",
    "ListTask",
    "Location",
    "ModelShelf",
    "RemoveTask",
    "ShelfEntry",
    "State",
    "VerifyTask",
    "hub_folder",
]

_CHANGED = "Its file has been changed since it was imported."


class ModelShelf:
    """The networks of this computer.

    Args:
        folder: the user's models folder; made when something is put there.
        packaged: what comes with the studio; by default the real thing.
        hub: where torch keeps its downloads; by default torch's own place.

    """

    def __init__(self, folder: Path, *, packaged: PackagedWeights | None = None, hub: Path | None = None) -> None:
        self.folder = folder
        self._packaged = packaged or packaged_weights()
        self._hub = hub if hub is not None else hub_folder(os.environ)
        self._own = OwnFiles(folder)
        self._troubles: dict[tuple[Path, int, int], str] = {}

    @classmethod
    def standard(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return this user's shelf."""
        environment = os.environ if environment is None else environment
        return cls(UserFolders.standard(environment).models, hub=hub_folder(environment))

    # -- what is there -----------------------------------------------------------------------------------------------

    def entries(self) -> tuple[ShelfEntry, ...]:
        """Return every network: those known by name first, then the user's own."""
        networks = self._packaged.manifest.networks
        claimed = {path for network in networks for path, _ in self._places(network)}
        shown = [known_entry(network, self._locate(network), self._unfinished(network).size) for network in networks]
        for path in self._own.paths():
            if path not in claimed and (found := self._look(path, "folder", None)) is not None:
                taken = {entry.name for entry in shown}
                shown.append(own_entry(path.name if path.stem in taken else path.stem, found))
        return tuple(shown)

    def find(self, name: str) -> ShelfEntry | None:
        """Return the network called `name`, if there is one."""
        return next((entry for entry in self.entries() if entry.name == name), None)

    def entry(self, name: str) -> ShelfEntry:
        """Return the network called `name`.

        Raises:
            StudioError: there is none.

        """
        entry = self.find(name)
        if entry is None:
            names = ", ".join(other.name for other in self.entries())
            raise StudioError(f"There is no network called “{name}”.", f"Choose one of {names}.")
        return entry

    def known(self, name: str) -> KnownNetwork | None:
        """Return what the manifest says of `name`, if it is known."""
        return next((network for network in self._packaged.manifest.networks if network.name == name), None)

    # -- checking ----------------------------------------------------------------------------------------------------

    def verify(self, name: str) -> ShelfEntry:
        """Do all of `checking` at once."""
        return finish(self.checking(name))

    def checking(self, name: str) -> Job[ShelfEntry]:
        """Read the whole file and compare its checksum; where none is known, see whether the network is in there.

        A damaged one stays so until its file changes. A file put there by hand gets its record.

        Raises:
            StudioError: there is no file to check.

        """
        entry = self.entry(name)
        if entry.path is None:
            raise StudioError(f"{entry.label} is not on this computer.", _how_to_get(entry))
        if (identity := _identity(entry.path)) is not None:
            sha256 = yield from hashing(entry.path, f"Checking {entry.label}")
            self._troubles[identity] = self._hidden_trouble(entry, entry.path, sha256)
        return self.entry(name)

    def _hidden_trouble(self, entry: ShelfEntry, path: Path, sha256: str) -> str:
        """Return what is wrong with a file of this checksum, or ""."""
        network, record = self.known(entry.name), self._own.record_of(path)
        if record is not None:
            return "" if sha256 == record.sha256 else _CHANGED
        if network is not None and network.checksum and path.name == network.file:
            return "" if network.is_published(sha256) else "Its checksum is not that of the published file."
        try:
            record = self._record(path, entry.architecture, sha256)
        except StudioError as error:
            return error.cause
        if network is None:
            self._own.write_record(path, record)
        return ""

    # -- bringing and removing ---------------------------------------------------------------------------------------

    def import_file(self, path: Path) -> ShelfEntry:
        """Do all of `importing` at once."""
        return finish(self.importing(path))

    def importing(self, path: Path) -> Job[ShelfEntry]:
        """Find out which network is in `path`, and copy the file into the user's folder.

        A published file gets its published name, what a training run has left its run's, and any other its own. What is
        here already is not copied.

        Raises:
            StudioError: it holds no network that is known, is damaged, holds more than numbers, or cannot be copied.

        """
        yield Progress(f"Looking into {path.name}")
        if path.suffix.lower() not in SUFFIXES:
            raise StudioError(f"{path.name} is not a weights file.", f"Choose a {', '.join(SUFFIXES)} file.")
        record = self._record(path, "", (yield from hashing(path, f"Reading {path.name}")))
        twin = self.twin_of(record.sha256)
        if twin is not None:
            yield Log(f"{path.name} is here already: {twin.label}.")
            return twin
        network = next((n for n in self._packaged.manifest.networks if n.is_published(record.sha256)), None)
        if path.resolve().parent == self.folder.resolve():
            self._own.write_record(self.folder / path.name, record)
            return next(entry for entry in self.entries() if entry.path == self.folder / path.name)
        name = network.name if network else self._free_name(_wanted_name(path), record.architecture)
        target = self.folder / (network.file if network else name + path.suffix.lower())
        yield from self._copying(path, target)
        if network is None:
            self._own.write_record(target, record)
        return self.entry(name)

    def remove(self, name: str) -> ShelfEntry:
        """Delete its file, or what was downloaded of it, from the user's folder; files elsewhere are not touched.

        Raises:
            StudioError: there is nothing of it in the folder.

        """
        entry, network = self.entry(name), self.known(name)
        if entry.path is not None and entry.place == "folder":
            self._own.delete(entry.path)
        elif network is not None and entry.removable:
            self._unfinished(network).discard()
        else:
            raise StudioError(*_why_it_stays(entry))
        return self.find(name) or replace(entry, state="missing", path=None, removable=False, place="nowhere")

    def _copying(self, path: Path, target: Path) -> Job[None]:
        size, done = path.stat().st_size, 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(target, error) from error
        with written_in_pieces(target) as file:
            for piece in pieces_of(path):
                file.write(piece)
                done += len(piece)
                yield Progress(f"Copying {path.name} · {of_megabytes(done, size)}", done, size, in_words=True)

    def _record(self, path: Path, architecture: str, sha256: str) -> Record:
        """Look into a file; its label says how it differs from others of its kind."""
        facts = look_inside(path, architecture)
        label = self._packaged.manifest.architectures.get(facts.architecture, facts.architecture)
        if not facts.complete:
            label = f"{label}, to {facts.taps[-1]}"
        if any(entry.label == label for entry in self.entries() if entry.path != path):
            label = f"{label} ({_wanted_name(path)})"
        task = task_of(facts.header) or task_on_shelf(path)
        if task != "backbone":
            label = Path(facts_of(path).get("painting", "")).stem or _wanted_name(path)
        return Record(
            task=task, label=label, architecture=facts.architecture, taps=facts.taps, complete=facts.complete,
            sha256=sha256, size=path.stat().st_size, origin=path.name,
            header=facts.header,
        )  # fmt: skip

    def twin_of(self, sha256: str) -> ShelfEntry | None:
        """Return the network whose very file this is, if it is here and sound."""
        for entry in self.entries():
            if entry.path is None or not entry.is_here:
                continue
            network, record = self.known(entry.name), self._own.record_of(entry.path)
            published = network is not None and entry.path.name == network.file and network.is_published(sha256)
            if published or (record is not None and record.sha256 == sha256):
                return entry
        return None

    def _free_name(self, wanted: str, architecture: str) -> str:
        """Return a name for a file of the user's own; it may stand in for a known network that is not here."""
        networks = self._packaged.manifest.networks
        wanted = next((network.name for network in networks if Path(network.file).stem == wanted), wanted)
        standing_in = {
            entry.name for entry in self.entries() if not entry.is_here and entry.architecture == architecture
        }
        taken = {entry.name.casefold() for entry in self.entries()} - {name.casefold() for name in standing_in}
        return free_name(wanted, lambda name: name.casefold() in taken)

    # -- where files lie ---------------------------------------------------------------------------------------------

    def _locate(self, network: KnownNetwork) -> FoundFile | None:
        """Return the first sound file, else the first of all."""
        looked = (self._look(path, place, network) for path, place in self._places(network))
        found = [file for file in looked if file is not None]
        return next((file for file in found if not file.trouble), found[0] if found else None)

    def _places(self, network: KnownNetwork) -> Iterator[tuple[Path, Location]]:
        if not network.url:
            yield self._packaged.folder / network.file, "package"
        for suffix in SUFFIXES:
            yield self.folder / (network.name + suffix), "folder"
        yield self.folder / network.file, "folder"
        yield self._hub / network.file, "torch"

    def _unfinished(self, network: KnownNetwork) -> PartialFile:
        return PartialFile(self.folder / network.file)

    def _look(self, path: Path, place: Location, network: KnownNetwork | None) -> FoundFile | None:
        try:
            if not path.is_file():
                return None
            record = self._own.record_of(path)
            size = path.stat().st_size
            return FoundFile(path, place, size, self._visible_trouble(path, size, network, record), record)
        except OSError as error:
            return FoundFile(path, place, 0, f"Its file cannot be read ({error.strerror}).", None)

    def _visible_trouble(self, path: Path, size: int, network: KnownNetwork | None, record: Record | None) -> str:
        """Return what is wrong, as far as that shows without reading: from an earlier check, or by the size."""
        identity = _identity(path)
        if identity is not None and (remembered := self._troubles.get(identity)):
            return remembered
        if network is not None and path.name == network.file and network.is_too_short(size):
            return f"Its file is cut off: {of_megabytes(size, network.size)} are there."
        if record is not None and record.size != size:
            return _CHANGED
        return "Its file is cut off." if is_cut_off(path) else ""


def hub_folder(environment: Mapping[str, str]) -> Path:
    """Return where torch.hub keeps downloaded weights, by the rules of `torch.hub.get_dir`, without importing torch."""
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    home = environment.get("TORCH_HOME") or f"{cache}/torch"
    return expanded(home) / "hub" / "checkpoints"


def _wanted_name(path: Path) -> str:
    """Return what a file would be called: all runs call their networks the same, and so the run's name says more."""
    of_a_run = path.stem == "model" and (path.parent / "run.json").exists()
    return path.resolve().parent.name if of_a_run else path.stem


def _identity(path: Path) -> tuple[Path, int, int] | None:
    """What tells a file from the one that replaces it; None where it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return path, status.st_size, status.st_mtime_ns


def _how_to_get(entry: ShelfEntry) -> str:
    if entry.url:
        return f"Download it: in Models, or with `atelier models download {entry.name}`."
    return "Install Atelier again, from a release that has it."


def _why_it_stays(entry: ShelfEntry) -> tuple[str, str]:
    """Cause and remedy, where nothing of a network lies in the user's folder."""
    if entry.place == "package":
        return f"{entry.label} comes with Atelier and stays.", "Remove only what you downloaded or imported."
    if entry.place == "torch":
        return (
            f"{entry.label} lies in torch's own folder, where other programs may use it.",
            f"Delete {entry.path} yourself if nothing else needs it.",
        )
    return f"There is no file of {entry.label} to remove.", "Nothing needs to be done."


@dataclass(frozen=True, slots=True, eq=False)
class ListTask:
    """For the job "list_shelf" → tuple[ShelfEntry, …]."""

    shelf: ModelShelf


@dataclass(frozen=True, slots=True, eq=False)
class DownloadTask:
    """For the job "download_weights" → ShelfEntry. Cancelled, it leaves what it got for the next time."""

    name: str
    shelf: ModelShelf
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True, eq=False)
class VerifyTask:
    """For the job "verify_weights" → ShelfEntry."""

    name: str
    shelf: ModelShelf


@dataclass(frozen=True, slots=True, eq=False)
class ImportTask:
    """For the job "import_weights" → ShelfEntry."""

    path: Path
    shelf: ModelShelf


@dataclass(frozen=True, slots=True, eq=False)
class RemoveTask:
    """For the job "remove_weights" → ShelfEntry, of what is left: "missing", or found elsewhere."""

    name: str
    shelf: ModelShelf
