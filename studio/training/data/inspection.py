"""The data doctor: looks at every picture before training starts, and says what it found and what becomes of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from studio.core.events import Job, Progress
from studio.training.data.examination import Examined, examine_file
from studio.training.data.idx_files import IdxPictures
from studio.training.data.near_duplicates import comparing_glances
from studio.training.data.shrinking import shrunken_size
from studio.training.data.sources import ANY_PICTURES, DataFiles, Reading, finding_data, parts_of
from studio.training.data.thread_map import mapped

__all__ = ["DataReport", "Finding", "FindingKind", "Severity", "examine"]

Severity: TypeAlias = Literal["info", "warning"]
FindingKind: TypeAlias = Literal[
    "split", "share", "beside", "sides", "broken", "duplicate", "two_classes", "leaked", "alike", "few",
    "few_of_a_class", "uneven", "loose", "unpaired", "halved", "unequal", "small", "long", "grey", "transparent",
    "cmyk", "deep", "turned", "moving", "flat", "empty", "in_both", "imbalance", "sharpness", "tones",
]  # fmt: skip

FEW = 20
"""Below so many, pictures are learnt by heart."""
FEW_OF_A_CLASS = 10
UNEVEN = 5.0
"""How many times as many pictures the most frequent class may have."""
UNEQUAL = 1.02
"""How much wider, for its height, one picture of a pair may be than the other: rounding makes some."""
NOTES: frozenset[FindingKind] = frozenset({"split", "share", "beside", "sides", "halved"})
"""What is told of how the data is read: nothing is the matter with it."""
LEFT_OUT: frozenset[FindingKind] = frozenset({"broken", "loose", "unpaired", "empty"})
"""What is left out is also told, file by file, by a run that opens the data."""
LONG = 2.5
"""Longer side over shorter side above which a square shows little of a picture."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about the data: what was `found`, and what the studio `does` about it; `files` are those meant."""

    kind: FindingKind
    severity: Severity
    found: str
    does: str
    files: tuple[Path, ...] = ()

    @property
    def sentence(self) -> str:
        """Both in one: “12 broken files: they are left out.”."""
        return f"{self.found}: {self.does}."


@dataclass(frozen=True, slots=True)
class DataReport:
    """What the data is like. Sizes are (width, height) of the usable pictures, as they stand upright.

    Attributes:
        total: files that were found; pairs, where there are pairs.
        files: those that will be used, of a pair the first; () where the pictures lie all in one file (idx).
        findings: the most severe first.
        sizes: of the usable pictures.
        file_bytes: of all files.
        decoded_bytes: that the cache will take, at the size of training.
        formats: kind of file → how many, the most frequent first.
        classes: class → usable pictures, where there are classes.
        kept: how many of the usable ones the folders themselves keep for checking.
        what: what is counted: "pictures" or "pairs".
        means: of red, green and blue in what is learnt from, 0–1; every picture counts as much as any other.
        deviations: their standard deviations, over the pixels of all pictures.
        glances: a miniature of each of `files`, to find lookalikes elsewhere; () of pairs and idx.

    """

    total: int
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]
    sizes: tuple[tuple[int, int], ...]
    file_bytes: int
    decoded_bytes: int
    formats: tuple[tuple[str, int], ...] = ()
    classes: tuple[tuple[str, int], ...] = ()
    kept: int = 0
    what: str = "pictures"
    means: tuple[float, ...] = ()
    deviations: tuple[float, ...] = ()
    glances: tuple[NDArray[np.uint8] | None, ...] = field(default=(), compare=False, repr=False)

    @property
    def usable(self) -> int:
        """How many pictures there are, to learn from or to check on."""
        return len(self.sizes)

    @property
    def taught(self) -> int:
        """How many of them may be learnt from."""
        return self.usable - self.kept

    @property
    def is_fine(self) -> bool:
        """Whether nothing is the matter with the data."""
        return self.usable > 0 and all(finding.kind in NOTES for finding in self.findings)

    @property
    def summary(self) -> str:
        """One line: how many of how many, and their sizes."""
        if not self.sizes:
            return f"None of {self.total} files can be used."
        sides = sorted(min(size) for size in self.sizes)
        of = "" if self.usable == self.total else f" of {self.total}"
        sides_in_words = f"{sides[0]} px" if sides[0] == sides[-1] else f"{sides[0]}–{sides[-1]} px"
        classes = f" in {len(self.classes)} classes" if self.classes else ""
        return f"{self.usable}{of} {self.what}{classes}, shorter side {sides_in_words}"


@dataclass(frozen=True, slots=True)
class _Data:
    """What the findings are made from.

    `found` are the files; `examples` what will be used, two pictures each where there are pairs; `alike` pictures that
    look like another one.
    """

    examined: list[Examined]
    found: DataFiles
    examples: list[tuple[Examined, ...]]
    size: int
    reading: Reading
    alike: list[Path]
    labels: dict[Path, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", dict(zip(self.found.files, self.found.labels, strict=False)))

    @property
    def usable(self) -> list[Examined]:
        """Every picture that will be used."""
        return [one for example in self.examples for one in example]

    @property
    def kept(self) -> int:
        """How many of the examples the folders keep for checking."""
        return sum(example[0].path in self.found.kept for example in self.examples)


def examine(sources: Sequence[Path], *, size: int, reading: Reading = ANY_PICTURES) -> Job[DataReport]:
    """Look at every picture of `sources`: each file is read whole and decoded, in small.

    Args:
        sources: folders, files and lists.
        size: side in pixels at which will be trained.
        reading: what they hold, and how they are divided.

    Raises:
        StudioError: there is nothing to look at.

    """
    found = yield from finding_data(sources, reading)
    if isinstance(found, IdxPictures):
        return _report_on_idx(found, size, reading)
    files = list(dict.fromkeys((*found.files, *found.partners)))
    examined: list[Examined] = []
    for one in mapped(partial(examine_file, one_large=Lock()), files):
        if one is None:
            yield Progress("Examining the pictures", len(examined), len(files))
        else:
            examined.append(one)
    examples: list[tuple[Examined, ...]] = [(one,) for one in _usable(examined)]
    if reading.holds == "pairs":
        examples = _pairs_in(examined, found)
    pictures = [one for example in examples for one in example]
    groups = yield from comparing_glances([one.miniature for one in pictures] if reading.holds != "pairs" else [])
    alike = [pictures[number].path for group in groups for number in group]
    return _report(_Data(examined, found, examples, size, reading, alike))


def _report(data: _Data) -> DataReport:
    usable = data.usable
    findings = [finding for look in _LOOKS for finding in look(data)]
    classes: tuple[tuple[str, int], ...] = ()
    if data.found.names:
        counts = Counter(data.labels[one.path] for one in usable)
        classes = tuple((name, counts[label]) for label, name in enumerate(data.found.names))
    taught = [example[0] for example in data.examples if example[0].path not in data.found.kept]
    means = np.array([one.means for one in taught]).mean(axis=0) if taught else np.empty(0)
    squares = np.array([one.squares for one in taught]).mean(axis=0) if taught else np.empty(0)
    return DataReport(
        total=len(data.found.files),
        files=tuple(example[0].path for example in data.examples),
        findings=tuple(sorted(findings, key=lambda finding: finding.severity != "warning")),
        sizes=tuple(example[0].size for example in data.examples),
        file_bytes=sum(one.file_bytes for one in data.examined),
        decoded_bytes=_decoded_bytes([one.size for one in usable], data.size),
        formats=tuple(Counter(one.format for one in usable).most_common()),
        classes=classes,
        kept=data.kept,
        what="pairs" if data.reading.holds == "pairs" else "pictures",
        means=tuple(means.tolist()),
        deviations=tuple(np.sqrt(np.maximum(squares - means**2, 0.0)).tolist()),
        glances=tuple(one.miniature for one in usable) if data.reading.holds != "pairs" else (),
    )


def _report_on_idx(pictures: IdxPictures, size: int, reading: Reading) -> DataReport:
    height, width = pictures[0].shape[:2]
    taught, kept = parts_of(pictures, reading)
    number = len(taught) + len(kept)
    counts = Counter(pictures.labels[index] for index in (*taught, *kept))
    classes = tuple((name, counts[label]) for label, name in enumerate(pictures.names))
    findings = []
    if kept:
        findings.append(_on_split("“train” and “t10k” divide the data", len(taught), len(kept)))
    if reading.share < 1.0:
        findings.append(_on_share(number, len(pictures), reading))
    findings.append(_plain("grey", "info", number))
    if min(width, height) < size:
        findings.append(_plain("small", "info", number))
    findings += _findings_on_classes(classes, reading)
    mean, deviation = pictures.mean_and_deviation(taught)
    return DataReport(
        number, (), tuple(findings), ((width, height),) * number, height * width * len(pictures), 0, (("idx", number),),
        classes, len(kept), means=(mean,) * 3, deviations=(deviation,) * 3,
    )  # fmt: skip


def _usable(examined: Sequence[Examined]) -> list[Examined]:
    """Return the first of each content, where it can be read: what the cache will hold."""
    first: dict[str, Examined] = {}
    for one in examined:
        if not one.problem:
            first.setdefault(one.sha256, one)
    return list(first.values())


def _pairs_in(examined: Sequence[Examined], found: DataFiles) -> list[tuple[Examined, ...]]:
    """Return the pairs of which both pictures can be read, also those with equal ones; halves count as they are."""
    by_path = {one.path: one for one in examined if not one.problem}
    pairs: list[tuple[Examined, ...]] = []
    for path, partner in zip(found.files, found.partners, strict=True):
        if path == partner and path in by_path:
            width, height = by_path[path].size
            pairs.append((replace(by_path[path], size=(width // 2, height)),))
        elif path in by_path and partner in by_path:
            pairs.append((by_path[path], by_path[partner]))
    return pairs


def _decoded_bytes(sizes: Sequence[tuple[int, int]], side: int) -> int:
    shrunken = (shrunken_size(width, height, side) for width, height in sizes)
    return sum(3 * width * height for width, height in shrunken)


# -- what can be found -------------------------------------------------------------------------------------------------

_WORDS: dict[FindingKind, tuple[str, str, str, str]] = {
    # one file, several files; what is done about one, about several
    "broken": ("broken file", "broken files", "it is left out", "they are left out"),
    "duplicate": ("file that is there twice", "files that are there already under another name",
                  "it is used once", "each picture is used once"),
    "two_classes": ("picture that lies in two classes", "pictures that lie in several classes",
                    "it counts for the first; delete it from the wrong one",
                    "each counts for the first; delete them from the wrong ones"),
    "alike": ("picture that looks like another one", "pictures that look like others",
              "it is used all the same", "they are used all the same"),
    "leaked": ("picture that is kept for checking is also learnt from",
               "pictures that are kept for checking are also learnt from",
               "it counts for learning only", "they count for learning only"),
    "loose": ("picture outside the classes' folders", "pictures outside the classes' folders",
              "it is left out", "they are left out"),
    "unpaired": ("picture without a partner of the same name", "pictures without a partner of the same name",
                 "it is left out", "they are left out"),
    "halved": ("file with two pictures side by side", "files with two pictures side by side",
               "it is cut in the middle", "they are cut in the middle"),
    "unequal": ("pair whose pictures are of different proportions", "pairs whose pictures are of different proportions",
                "the second is stretched to fit the first", "the second of each is stretched to fit the first"),
    "small": ("picture smaller than it is trained at", "pictures smaller than they are trained at",
              "it is enlarged, and stays soft", "they are enlarged, and stay soft"),
    "long": ("very long or high picture", "very long or high pictures",
             "a square part of it is seen at a time", "a square part of each is seen at a time"),
    "grey": ("picture without colours", "pictures without colours", "it is used as it is", "they are used as they are"),
    "flat": ("picture that is mostly of one colour", "pictures that are mostly of one colour",
             "views of it that show nothing are drawn again; larger views or a tighter cut teach more",
             "views of them that show nothing are drawn again; larger views or tighter cuts teach more"),
    "transparent": ("picture with transparent parts", "pictures with transparent parts",
                    "it is laid on white", "they are laid on white"),
    "cmyk": ("picture in printing colours (CMYK)", "pictures in printing colours (CMYK)",
             "it is converted to sRGB", "they are converted to sRGB"),
    "deep": ("picture of more than 8 bits", "pictures of more than 8 bits",
             "it is rounded to 8 bits", "they are rounded to 8 bits"),
    "turned": ("photo that the camera marked as turned", "photos that the camera marked as turned",
               "it is turned upright", "they are turned upright"),
    "moving": ("file with several pictures in it", "files with several pictures in them",
               "the first one is used", "the first one of each is used"),
}  # fmt: skip


def _plain(kind: FindingKind, severity: Severity, count: int, files: Sequence[Path] = ()) -> Finding:
    one, many, does_one, does_many = _WORDS[kind]
    if count == 1:
        return Finding(kind, severity, f"1 {one}", does_one, tuple(files))
    return Finding(kind, severity, f"{count} {many}", does_many, tuple(files))


_Look: TypeAlias = Callable[[_Data], Iterator[Finding]]


def _look_at_parts(data: _Data) -> Iterator[Finding]:
    found, examples = data.found, len(data.examples)
    if found.division:
        yield _on_split(found.division, examples - data.kept, data.kept)
    if found.left_beside:
        yield Finding("beside", "info", found.left_beside, "what lies there is left out")
    if data.reading.share < 1.0:
        yield _on_share(len(found.files), found.total, data.reading)


def _on_split(division: str, taught: int, kept: int) -> Finding:
    return Finding("split", "info", division, f"it learns from {taught:,} and is checked on {kept:,}")


def _on_share(number: int, total: int, reading: Reading) -> Finding:
    classes = ", of every class as large a part" if reading.holds == "classes" else ""
    found = f"Only {100 * reading.share:.0f} % of {total:,}, to try things out"
    return Finding("share", "info", found, f"{number:,} are drawn by the seed{classes}")


def _look_for_what_is_left_out(data: _Data) -> Iterator[Finding]:
    if broken := [one.path for one in data.examined if one.problem]:
        yield _plain("broken", "warning", len(broken), broken)
    if loose := data.found.loose:
        yield _plain("unpaired" if data.reading.holds == "pairs" else "loose", "warning", len(loose), loose)
    if empty := data.found.without_pictures:
        yield Finding("empty", "warning", empty, "no class is made of that")
    if data.reading.holds == "pairs":
        return
    first = {one.sha256: one.path for one in data.usable}
    again: dict[FindingKind, list[Path]] = {"two_classes": [], "leaked": [], "duplicate": []}
    for one in data.examined:
        used = first.get(one.sha256, one.path)
        if used == one.path:
            continue
        leaks = one.path in data.found.kept and used not in data.found.kept
        torn = data.labels.get(one.path) != data.labels.get(used)
        again["two_classes" if torn else "leaked" if leaks else "duplicate"].append(one.path)
    for kind, files in again.items():
        if files:
            yield _plain(kind, "info" if kind == "duplicate" else "warning", len(files), files)


def _look_at_pairs(data: _Data) -> Iterator[Finding]:
    if data.reading.holds != "pairs":
        return
    two = next((example for example in data.examples if len(example) == 2), None)
    if two is not None:
        first, second = (one.path.parent.name for one in two)
        yield Finding("sides", "info", f"“{first}” first, “{second}” second", "pictures of equal names are pairs")
    if halved := [example[0].path for example in data.examples if len(example) == 1]:
        yield _plain("halved", "info", len(halved), halved)
    if unequal := [example[0].path for example in data.examples if len(example) == 2 and _differ(*example)]:
        yield _plain("unequal", "warning", len(unequal), unequal)


def _differ(one: Examined, other: Examined) -> bool:
    ratio = (one.size[0] * other.size[1]) / (one.size[1] * other.size[0])
    return max(ratio, 1 / ratio) > UNEQUAL


def _look_at_each(data: _Data) -> Iterator[Finding]:
    tests: tuple[tuple[FindingKind, Callable[[Examined], bool]], ...] = (
        ("small", lambda one: min(one.size) < data.size),
        ("long", lambda one: max(one.size) > LONG * min(one.size)),
        ("flat", lambda one: one.flat and data.reading.holds != "pairs"),  # masks and drawings are, by nature
        ("transparent", lambda one: one.transparent),
        ("grey", lambda one: one.grey),
        ("cmyk", lambda one: one.cmyk),
        ("deep", lambda one: one.bits > 8),
        ("turned", lambda one: one.turned),
        ("moving", lambda one: one.pictures > 1),
    )
    for kind, test in tests:
        if meant := [one.path for one in data.usable if test(one)]:
            warns = kind in ("small", "flat") and 2 * len(meant) > len(data.usable)
            yield _plain(kind, "warning" if warns else "info", len(meant), meant)


def _look_for_lookalikes(data: _Data) -> Iterator[Finding]:
    if data.alike:
        yield _plain("alike", "info", len(data.alike), data.alike)


def _look_at_numbers(data: _Data) -> Iterator[Finding]:
    if 0 < (number := len(data.examples) - data.kept) < FEW and data.reading.share == 1.0:
        found = f"Only {number} {'pair' if data.reading.holds == 'pairs' else 'picture'}{'s' * (number > 1)}"
        yield Finding("few", "warning", found, "it will learn them by heart; more, and more different ones, help")
    if data.found.names:
        counts = Counter(data.labels[one.path] for one in data.usable)
        classes = [(name, counts[label]) for label, name in enumerate(data.found.names)]
        yield from _findings_on_classes(classes, data.reading)


def _findings_on_classes(classes: Sequence[tuple[str, int]], reading: Reading) -> Iterator[Finding]:
    few = FEW_OF_A_CLASS if reading.share == 1.0 else 0  # whoever tries things out knows
    rare = [f"“{name}” ({count})" for name, count in classes if count < few]
    if rare:
        found = f"Few pictures of {', '.join(rare[:5])}{' …' if len(rare) > 5 else ''}"
        yield Finding("few_of_a_class", "warning", found, "it will recognise them badly; add more")
    most, least = max(classes, key=lambda each: each[1]), min(classes, key=lambda each: each[1])
    if most[1] > UNEVEN * max(1, least[1]):
        found = f"“{most[0]}” has {most[1]} pictures, “{least[0]}” only {least[1]}"
        yield Finding("uneven", "warning", found, "the frequent ones will be preferred; add more of the others")


_LOOKS: tuple[_Look, ...] = (
    _look_at_parts, _look_for_what_is_left_out, _look_at_numbers, _look_at_pairs, _look_at_each, _look_for_lookalikes,
)  # fmt: skip
