"""What an artist means by the folders, files and lists that were dropped: pictures, classes of them, or pairs."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Literal, TypeAlias
from unicodedata import normalize

from studio.core.events import Job, Log
from studio.core.failures import StudioError
from studio.core.file_names import readable
from studio.training.data.idx_files import IdxPictures, find_idx_pairs
from studio.training.data.listing import absolute, listing, no_pictures, require
from studio.training.data.sampler import shuffled
from studio.training.data.splits import Split, divided_sources, split_of, subfolders

__all__ = [
    "ANY_PICTURES",
    "DataCount",
    "DataFiles",
    "Holds",
    "Reading",
    "counting_data",
    "finding_data",
    "finding_files",
    "parts_of",
    "telling_parts",
]

Holds: TypeAlias = Literal["pictures", "classes", "pairs"]
"""Any pictures; pictures in a folder for each class, or MNIST's kind of idx files; two pictures for each example."""

_LOOKS, _WIDE = 8, 1.9
"""So many pictures of a folder tell whether two lie beside each other in each: they are so much wider than high.
A photo alone is up to 16:9."""

_NAMED = 8
"""So many folders are named one by one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How sources are understood.

    Args:
        holds: what is looked for.
        deepest: a class is every folder that holds pictures itself, named by its path (“photo/horse”), rather than
            every folder right below a source with all that is in it.
        split: whether folders such as train and valid, or idx files such as train and t10k, divide the data.
        share: of the data that is worked on, 0–1: of every class, and of what is kept for checking, as large a part.
        seed: draws that share.
        side: "a" or "b" where the names of folders may say which side of an unpaired set they are (trainA, trainB).

    """

    holds: Holds = "pictures"
    deepest: bool = False
    split: bool = True
    share: float = 1.0
    seed: int = 0
    side: str = ""


ANY_PICTURES = Reading()


@dataclass(frozen=True, slots=True)
class DataFiles:
    """The pictures of a place in the data.

    Attributes:
        files: each once, in the order of the data; those that are kept come last.
        names: of the classes, if they are: `files[i]` shows `names[labels[i]]`.
        labels: the class of each.
        partners: of pairs, the other picture of each; the same file where the two lie side by side in it.
        kept: those that the folders keep for checking.
        parts: the folders that divide the data: what is learnt from, what is kept.
        loose: pictures that belong to no class, or have no partner: they are left out.
        beside: folders beside those that divide: they are left out.
        total: how many there are, of which `files` may be a share.

    """

    files: tuple[Path, ...]
    names: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    partners: tuple[Path, ...] = ()
    kept: frozenset[Path] = frozenset()
    parts: Split | None = None
    loose: tuple[Path, ...] = ()
    beside: tuple[Path, ...] = ()
    total: int = 0

    @property
    def division(self) -> str:
        """Which folders divide the data, in words; "" where none do."""
        return "" if self.parts is None else f"{_named((*self.parts.taught, *self.parts.kept))} divide the data"

    @property
    def left_beside(self) -> str:
        """What lies beside the folders that divide the data, in words; "" where there is nothing."""
        return f"{_named(self.beside)} beside the folders that divide the data" if self.beside else ""


@dataclass(frozen=True, slots=True)
class DataCount:
    """How much there is, as far as it is known before a run.

    Args:
        pictures: that may be learnt from, or be held back for checking.
        classes: how many there are of each class, where there are classes.
        divided: whether the data itself keeps others for checking.

    """

    pictures: int
    classes: tuple[int, ...] = ()
    divided: bool = False


def finding_data(sources: Sequence[Path], reading: Reading) -> Job[DataFiles | IdxPictures]:
    """Return what `sources` hold; classes may come as idx files.

    Raises:
        StudioError: see `finding_files`; or idx files stand beside other sources.

    """
    if reading.holds == "classes" and (idx := _idx_in(sources)) is not None:
        return idx
    return (yield from finding_files(sources, reading))


def finding_files(sources: Sequence[Path], reading: Reading) -> Job[DataFiles]:
    """Return the pictures that `sources` hold, with a sign of life every few hundred files.

    Raises:
        StudioError: see `find_pictures`; or there are fewer than two classes.

    """
    for source in sources:
        require(source)
    split = divided_sources(sources, reading.side) if reading.split else Split(tuple(sources))
    match reading.holds:
        case "pictures":
            found = yield from _finding_pictures(split)
        case "classes":
            found = yield from _finding_classes(split, deepest=reading.deepest)
        case "pairs":
            found = yield from _finding_pairs(split, split_further=reading.split)
    if not (found.files or found.loose):
        raise no_pictures(sources)
    return _some_of(found, reading)


def telling_parts(found: DataFiles) -> Job[None]:
    """Say which folders divide the data, and what lies beside them and is left out."""
    if found.division:
        yield Log(f"{found.division}.")
    if found.left_beside:
        yield Log(f"{found.left_beside}: what lies there is left out.")


def counting_data(sources: Sequence[Path], reading: Reading) -> Job[DataCount]:
    """Return how much there is, by the names of the files alone; raises as `finding_data` does."""
    found = yield from finding_data(sources, reading)
    if isinstance(found, IdxPictures):
        taught, kept = (len(part) for part in parts_of(found, reading))
    else:
        taught, kept = len(found.files) - len(found.kept), len(found.kept)
    return DataCount(taught, tuple(Counter(found.labels).values()), divided=kept > 0)


def parts_of(found: IdxPictures, reading: Reading) -> tuple[list[int], list[int]]:
    """Return the numbers of the pictures to learn from, and of those that the set keeps for checking."""
    kept = found.kept if reading.split else frozenset()
    chosen = _drawn([(label, number in kept) for number, label in enumerate(found.labels)], reading)
    return [number for number in chosen if number not in kept], [number for number in chosen if number in kept]


def _some_of(found: DataFiles, reading: Reading) -> DataFiles:
    labels = found.labels or (0,) * len(found.files)
    chosen = _drawn([(label, path in found.kept) for path, label in zip(found.files, labels, strict=True)], reading)
    return replace(
        found,
        files=tuple(found.files[place] for place in chosen),
        labels=tuple(found.labels[place] for place in chosen if found.labels),
        partners=tuple(found.partners[place] for place in chosen if found.partners),
        total=len(found.files),
    )


def _drawn(groups: Sequence[tuple[int, bool]], reading: Reading) -> list[int]:
    """Draw as large a part of every group, of one at least; returns their places in order."""
    if reading.share >= 1.0:
        return list(range(len(groups)))
    by_group: dict[tuple[int, bool], list[int]] = {}
    for place, group in enumerate(groups):
        by_group.setdefault(group, []).append(place)
    chosen: list[int] = []
    for group, places in by_group.items():
        count = max(1, round(reading.share * len(places)))
        chosen += [places[number] for number in shuffled(len(places), "share", reading.seed, *group)[:count]]
    return sorted(chosen)


# -- pictures, classes, pairs ------------------------------------------------------------------------------------------


def _finding_pictures(split: Split) -> Job[DataFiles]:
    taught = yield from listing(split.taught)
    kept, known = (yield from listing(split.kept)), set(taught)
    return _joined(taught, [path for path in kept if path not in known], split)


def _finding_classes(split: Split, *, deepest: bool) -> Job[DataFiles]:
    taught, loose = yield from _classed(split.taught, deepest=deepest)
    kept, loose_too = yield from _classed(split.kept, deepest=deepest)
    names = tuple(sorted(set(taught.values())))
    if len(names) < 2 and (taught or loose):
        raise _too_few_classes(split.taught[0], names)
    numbers = {name: number for number, name in enumerate(names)}
    known = {path: name for path, name in kept.items() if name in numbers and path not in taught}
    strange = [path for path, name in kept.items() if name not in numbers]
    labels = tuple(numbers[name] for name in (taught | known).values())
    found = _joined(list(taught), list(known), split)
    return replace(found, names=names, labels=labels, loose=(*loose, *loose_too, *strange))


def _classed(sources: Sequence[Path], *, deepest: bool) -> Job[tuple[dict[Path, str], list[Path]]]:
    """Return the class of each picture, source by source in the order of the classes, and pictures of none."""
    class_of, loose = dict[Path, str](), list[Path]()
    for source in sources:
        if not source.is_dir():
            raise StudioError(
                f"“{source.name}” is not a folder.", "Choose a folder that holds a folder for each class."
            )
        here: dict[str, list[Path]] = {}
        top = absolute(source)
        for path in (yield from listing([source])):
            parts = path.relative_to(top).parts[:-1]
            if parts:
                here.setdefault(_class_name(parts if deepest else parts[:1]), []).append(path)
            else:
                loose.append(path)
        for name in sorted(here):
            class_of |= dict.fromkeys(here[name], name)
    return class_of, loose


def _class_name(parts: Sequence[str]) -> str:
    """Name a class by its folders."""
    return _one_form(readable("/".join(parts)))


def _one_form(name: str) -> str:
    """Write a letter and its accent as one sign (NFC): Macs write two (NFD), and “Café” would be there twice."""
    return normalize("NFC", name)


def _finding_pairs(split: Split, *, split_further: bool) -> Job[DataFiles]:
    """Return pairs: two folders with equal names in them, or files that hold both pictures side by side."""
    if split_further and not split.kept and (sides := _divided_sides(split.taught)) is not None:
        first, second = sides
        split = Split((*first.taught, *second.taught), (*first.kept, *second.kept), (*first.beside, *second.beside))
    taught, loose = yield from _paired(split.taught)
    kept, loose_too = yield from _paired(split.kept)
    halved = any(path == partner for path, partner in taught.items())
    strange = [path for path, partner in kept.items() if (path == partner) != halved]
    known = {path: partner for path, partner in kept.items() if path not in taught and (path == partner) == halved}
    found = _joined(list(taught), list(known), split)
    return replace(found, partners=(*taught.values(), *known.values()), loose=(*loose, *loose_too, *strange))


def _paired(sources: Sequence[Path]) -> Job[tuple[dict[Path, Path], list[Path]]]:
    """Return the partner of each picture, and pictures without one."""
    two = _two_sides(sources)
    if two is not None:
        sides: list[dict[str, Path]] = []
        for folder in two:
            files, top = (yield from listing([folder])), absolute(folder)
            sides.append({_one_form(str(path.relative_to(top).with_suffix(""))): path for path in files})
        first, second = sides
        both = first.keys() & second.keys()
        if both:
            alone = [path for side in sides for name, path in side.items() if name not in both]
            return {path: second[name] for name, path in first.items() if name in both}, alone
        if all(sides) and not _hold_both_sides([*first.values()][:_LOOKS], [*second.values()][:_LOOKS]):
            raise StudioError(
                f"“{two[0].name}” and “{two[1].name}” hold no pictures of equal names.",
                "Call both pictures of each pair alike; or drop pictures that hold both sides beside each other.",
            )
    files = yield from listing(sources)
    return dict(zip(files, files, strict=True)), []


def _hold_both_sides(*sides: Sequence[Path]) -> bool:
    """Tell whether pictures look like two beside each other: most are about twice as wide as they are high."""
    from PIL import Image  # the form shows first

    wide = 0
    for path in chain(*sides):
        with suppress(OSError, Image.DecompressionBombError), Image.open(path) as picture:
            wide += picture.width >= _WIDE * picture.height
    return 2 * wide > sum(map(len, sides))


def _divided_sides(sources: Sequence[Path]) -> tuple[Split, Split] | None:
    """Return how each side of the pairs is divided: a/train, a/val, b/train, b/val, or trainA, testA, trainB, testB."""
    two = _two_sides(sources)
    splits = [split_of(folder) for folder in two or ()]
    if len(sources) == 1 and not splits:
        splits = [split_of(sources[0], side) for side in ("a", "b")]
    first, second = splits if len(splits) == 2 else (None, None)
    return (first, second) if first is not None and second is not None else None


def _two_sides(sources: Sequence[Path]) -> tuple[Path, Path] | None:
    """Return the two folders that sources are, or that lie in the only one."""
    folders = subfolders(sources[0]) if len(sources) == 1 else [source for source in sources if source.is_dir()]
    return (folders[0], folders[1]) if len(folders) == 2 and len(sources) <= 2 else None


def _named(folders: Sequence[Path]) -> str:
    names = list(dict.fromkeys(f"“{readable(folder.name)}”" for folder in folders))
    return " and ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def _joined(taught: Sequence[Path], kept: Sequence[Path], split: Split) -> DataFiles:
    parts = split if kept else None
    return DataFiles((*taught, *kept), kept=frozenset(kept), parts=parts, beside=split.beside)


def _idx_in(sources: Sequence[Path]) -> IdxPictures | None:
    pairs = [found for source in sources if (found := find_idx_pairs(source))]
    if pairs and len(sources) > 1:
        raise StudioError(
            "MNIST's kind of files and other sources cannot be learnt from together.", "Choose one set of them alone."
        )
    return IdxPictures(pairs[0]) if pairs else None


def _too_few_classes(source: Path, names: tuple[str, ...]) -> StudioError:
    found = f"only one class, “{names[0]}”" if names else "pictures, but no folders to tell them apart"
    return StudioError(
        f"“{source.name}” holds {found}.", "Put the pictures of each class into a folder of its own, at least two."
    )
