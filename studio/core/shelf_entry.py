"""One network as the shelf shows it, and how it comes about from what is known and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from models.weight_headers import facts_of, task_of
from studio.core.known_networks import KnownNetwork
from studio.core.own_networks import Record, task_on_shelf
from studio.core.sizes import of_megabytes

State: TypeAlias = Literal["embedded", "present", "missing", "damaged"]
Location: TypeAlias = Literal["package", "folder", "torch", "nowhere"]

_NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class ShelfEntry:
    """A network.

    `path` is None where the weights are missing. `size` is in bytes: of the file where there is one, else of the file
    that would be downloaded, which may be off by a kilobyte. `note` is a sentence for the user. `url` is "" where
    nothing can be downloaded. `taps` are the layers it offers. `removable`: a file of it, even an unfinished download,
    lies in the user's folder. `architecture` is "" while nobody has looked into a file that was put there by hand.
    """

    name: str
    label: str
    task: str
    architecture: str
    state: State
    path: Path | None
    size: int
    licence: str
    trained_on: str
    note: str
    url: str
    taps: tuple[str, ...]
    removable: bool
    place: Location = "nowhere"
    classifies: bool = False
    """Whether it was trained here to tell pictures apart, and can be asked what they show."""
    header: Mapping[str, str] = field(default_factory=dict)
    """What its file says of itself, or, of other people's networks, what was found out."""
    former: bool = False
    """Whether better ones have followed it: it is offered no more, but found by its name."""

    @property
    def is_here(self) -> bool:
        """True where the network can be used."""
        return self.state in ("embedded", "present")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A weights file: where it lies, what is wrong with it, and its record if it was brought by the user."""

    path: Path
    place: Location
    size: int
    trouble: str
    record: Record | None


def known_entry(network: KnownNetwork, found: FoundFile | None, unfinished: int) -> ShelfEntry:
    """Return the entry of a network known by name; `unfinished` is how many bytes of a download are there."""
    return ShelfEntry(
        name=network.name,
        label=network.label,
        task=network.task,
        architecture=network.architecture,
        state=_state(found),
        path=found.path if found else None,
        size=found.size if found else network.size,
        licence=network.licence,
        trained_on=network.trained_on,
        note=_note(network, found, unfinished),
        url=network.url,
        taps=found.record.taps if found and found.record else network.taps,
        removable=unfinished > 0 or (found is not None and found.place == "folder"),
        place=found.place if found else "nowhere",
        header=facts_of(found.path) if found else {},
        former=network.former,
    )


def own_entry(name: str, found: FoundFile) -> ShelfEntry:
    """Return the entry of a network that the user brought."""
    record = found.record
    header = facts_of(found.path) or (record.header if record else {})
    return ShelfEntry(
        name=name,
        label=record.label if record else found.path.name,
        task=record.task if record else task_on_shelf(found.path),
        architecture=record.architecture if record else "",
        state=_state(found),
        path=found.path,
        size=found.size,
        licence=_NOT_KNOWN,
        trained_on=_NOT_KNOWN,
        note=found.trouble or _own_note(record),
        url="",
        taps=record.taps if record else (),
        removable=True,
        place=found.place,
        classifies=task_of(header) == "classifier",
        header=header,
    )


def _state(found: FoundFile | None) -> State:
    if found is None:
        return "missing"
    if found.trouble:
        return "damaged"
    return "embedded" if found.place == "package" else "present"


def _note(network: KnownNetwork, found: FoundFile | None, unfinished: int) -> str:
    if found is not None and found.trouble:
        return found.trouble
    if found is not None and found.place != "package" and found.path.name != network.file:
        return f"{network.good_for} This is a file of your own, not the published one."
    if found is None and not network.url:
        return f"{network.good_for} This version of Atelier has come without it."
    if found is None and unfinished:
        return f"{network.good_for} {of_megabytes(unfinished, network.size)} are here: downloading goes on from there."
    return network.good_for


def _own_note(record: Record | None) -> str:
    if record is None:
        return "Put here by hand; verifying it finds out which network it is."
    if record.complete:
        return f"Imported from {record.origin}."
    return f"Imported from {record.origin}. It ends early: it offers {record.taps[0]} to {record.taps[-1]}."
