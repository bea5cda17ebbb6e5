"""The data doctor: looks at every picture before training starts, and says what it found and what becomes of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
from studio.training.data.sources import LabelledFiles, find_classes_in, finding_pictures
from studio.training.data.thread_map import mapped

__all__ = ["DataReport", "Finding", "FindingKind", "Histogram", "Severity", "examine"]

Severity: TypeAlias = Literal["info", "warning"]
FindingKind: TypeAlias = Literal[
    "broken", "duplicate", "two_classes", "alike", "few", "few_of_a_class", "uneven", "loose", "small", "long", "grey",
    "transparent", "cmyk", "deep", "turned", "moving",
]  # fmt: skip

FEW = 20
"""Below so many, pictures are learnt by heart."""
FEW_OF_A_CLASS = 10
UNEVEN = 5.0
"""How many times as many pictures the most frequent class may have."""
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
class Histogram:
    """How many pictures have a value from `edges[i]` up to `edges[i + 1]`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DataReport:
    """What the data is like. Sizes are (width, height) of the usable pictures, as they stand upright.

    Attributes:
        total: files that were found.
        files: those that will be used; () where the pictures lie all in one file (idx).
        findings: the most severe first.
        sizes: of the usable pictures.
        file_bytes: of all files.
        decoded_bytes: that the cache will take, at the size of training.
        formats: kind of file → how many, the most frequent first.
        classes: class → usable pictures, where there are classes.

    """

    total: int
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]
    sizes: tuple[tuple[int, int], ...]
    file_bytes: int
    decoded_bytes: int
    formats: tuple[tuple[str, int], ...] = ()
    classes: tuple[tuple[str, int], ...] = ()

    @property
    def usable(self) -> int:
        """How many pictures there are to learn from."""
        return len(self.sizes)

    @property
    def summary(self) -> str:
        """One line: how many of how many, and their sizes."""
        if not self.sizes:
            return f"None of {self.total} files can be used."
        sides = sorted(min(size) for size in self.sizes)
        of = "" if self.usable == self.total else f" of {self.total}"
        sides_in_words = f"{sides[0]} px" if sides[0] == sides[-1] else f"{sides[0]}–{sides[-1]} px"
        classes = f" in {len(self.classes)} classes" if self.classes else ""
        return f"{self.usable}{of} pictures{classes}, shorter side {sides_in_words}"

    def shorter_sides(self, bins: int = 12) -> Histogram:
        """Count the pictures by their shorter side, in pixels; the steps grow by a constant factor."""
        sides = np.array([min(size) for size in self.sizes], np.float64)
        return _histogram(sides, bins, logarithmic=True)

    def ratios(self, bins: int = 12) -> Histogram:
        """Count the pictures by width over height."""
        return _histogram(np.array([w / h for w, h in self.sizes], np.float64), bins, logarithmic=True)


@dataclass(frozen=True, slots=True)
class _Data:
    """What the findings are made from; `usable` is what the cache will hold, `alike` what looks like another one."""

    examined: list[Examined]
    usable: list[Examined]
    size: int
    labelled: LabelledFiles | None
    labels: dict[Path, int]
    alike: list[Path]


def examine(sources: Sequence[Path], *, size: int, by_class: bool = False, deepest: bool = False) -> Job[DataReport]:
    """Look at every picture of `sources`: each file is read whole and decoded, in small.

    Args:
        sources: see `sources.find_pictures`.
        size: side in pixels at which will be trained.
        by_class: each source holds a folder per class; or there is one of idx files.
        deepest: see `sources.find_classes`.

    Raises:
        StudioError: there is nothing to look at.

    """
    labelled: LabelledFiles | None = None
    if by_class:
        found = find_classes_in(sources, deepest=deepest)
        if isinstance(found, IdxPictures):
            return _report_on_idx(found, size)
        labelled, files = found, list(found.files)
    else:
        files = yield from finding_pictures(sources)
    examined: list[Examined] = []
    for one in mapped(partial(examine_file, one_large=Lock()), files):
        if one is None:
            yield Progress("Examining the pictures", len(examined), len(files))
        else:
            examined.append(one)
    labels = dict(zip(labelled.files, labelled.labels, strict=True)) if labelled else {}
    usable = _usable(examined)
    groups = yield from comparing_glances([one.miniature for one in usable])
    alike = [usable[number].path for group in groups for number in group]
    return _report(_Data(examined, usable, size, labelled, labels, alike))


def _report(data: _Data) -> DataReport:
    usable = data.usable
    findings = [finding for look in _LOOKS for finding in look(data)]
    sizes = tuple(one.size for one in usable)
    classes: tuple[tuple[str, int], ...] = ()
    if data.labelled:
        counts = Counter(data.labels[one.path] for one in usable)
        classes = tuple((name, counts[label]) for label, name in enumerate(data.labelled.names))
    return DataReport(
        total=len(data.examined),
        files=tuple(one.path for one in usable),
        findings=tuple(sorted(findings, key=lambda finding: finding.severity != "warning")),
        sizes=sizes,
        file_bytes=sum(one.file_bytes for one in data.examined),
        decoded_bytes=_decoded_bytes(sizes, data.size),
        formats=tuple(Counter(one.format for one in usable).most_common()),
        classes=classes,
    )


def _report_on_idx(pictures: IdxPictures, size: int) -> DataReport:
    height, width = pictures[0].shape[:2]
    sizes = ((width, height),) * len(pictures)
    counts = Counter(pictures.labels)
    classes = tuple((name, counts[label]) for label, name in enumerate(pictures.names))
    findings = [_plain("grey", "info", len(pictures))]
    if min(width, height) < size:
        findings.append(_plain("small", "info", len(pictures)))
    findings += _findings_on_classes(classes)
    total = height * width * len(pictures)
    return DataReport(len(pictures), (), tuple(findings), sizes, total, 0, (("idx", len(pictures)),), classes)


def _usable(examined: Sequence[Examined]) -> list[Examined]:
    """Return the first of each content, where it can be read: what the cache will hold."""
    first: dict[str, Examined] = {}
    for one in examined:
        if not one.problem:
            first.setdefault(one.sha256, one)
    return list(first.values())


def _decoded_bytes(sizes: Sequence[tuple[int, int]], side: int) -> int:
    shrunken = (shrunken_size(width, height, side) for width, height in sizes)
    return sum(3 * width * height for width, height in shrunken)


def _histogram(values: NDArray[np.float64], bins: int, *, logarithmic: bool) -> Histogram:
    if not len(values):
        return Histogram((), ())
    low, high = float(values.min()), float(values.max())
    if high <= low * 1.001:
        return Histogram((low, high), (len(values),))
    counts, edges = np.histogram(np.log(values) if logarithmic else values, bins)
    return Histogram(tuple((np.exp(edges) if logarithmic else edges).tolist()), tuple(counts.tolist()))


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
    "loose": ("picture outside the classes' folders", "pictures outside the classes' folders",
              "it is left out", "they are left out"),
    "small": ("picture smaller than it is trained at", "pictures smaller than they are trained at",
              "it is enlarged, and stays soft", "they are enlarged, and stay soft"),
    "long": ("very long or high picture", "very long or high pictures",
             "a square part of it is seen at a time", "a square part of each is seen at a time"),
    "grey": ("picture without colours", "pictures without colours", "it is used as it is", "they are used as they are"),
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


def _look_for_what_is_left_out(data: _Data) -> Iterator[Finding]:
    if broken := [one.path for one in data.examined if one.problem]:
        yield _plain("broken", "warning", len(broken), broken)
    if data.labelled and (loose := data.labelled.loose):
        yield _plain("loose", "warning", len(loose), loose)
    kept = {one.sha256: one.path for one in data.usable}
    again = [one for one in data.examined if one.sha256 in kept and kept[one.sha256] != one.path]
    torn = [one for one in again if data.labels.get(one.path) != data.labels.get(kept[one.sha256])]
    twice = [one for one in again if data.labels.get(one.path) == data.labels.get(kept[one.sha256])]
    if torn:
        yield _plain("two_classes", "warning", len(torn), [one.path for one in torn])
    if twice:
        yield _plain("duplicate", "info", len(twice), [one.path for one in twice])


def _look_at_each(data: _Data) -> Iterator[Finding]:
    tests: tuple[tuple[FindingKind, Callable[[Examined], bool]], ...] = (
        ("small", lambda one: min(one.size) < data.size),
        ("long", lambda one: max(one.size) > LONG * min(one.size)),
        ("transparent", lambda one: one.transparent),
        ("grey", lambda one: one.grey),
        ("cmyk", lambda one: one.cmyk),
        ("deep", lambda one: one.bits > 8),
        ("turned", lambda one: one.turned),
        ("moving", lambda one: one.pictures > 1),
    )
    for kind, test in tests:
        if meant := [one.path for one in data.usable if test(one)]:
            warns = kind == "small" and 2 * len(meant) > len(data.usable)
            yield _plain(kind, "warning" if warns else "info", len(meant), meant)


def _look_for_lookalikes(data: _Data) -> Iterator[Finding]:
    if data.alike:
        yield _plain("alike", "info", len(data.alike), data.alike)


def _look_at_numbers(data: _Data) -> Iterator[Finding]:
    if 0 < len(data.usable) < FEW:
        found = f"Only {len(data.usable)} picture{'s' * (len(data.usable) > 1)}"
        yield Finding("few", "warning", found, "it will learn them by heart; more, and more different ones, help")
    if data.labelled:
        counts = Counter(data.labels[one.path] for one in data.usable)
        yield from _findings_on_classes([(name, counts[label]) for label, name in enumerate(data.labelled.names)])


def _findings_on_classes(classes: Sequence[tuple[str, int]]) -> Iterator[Finding]:
    rare = [f"“{name}” ({count})" for name, count in classes if count < FEW_OF_A_CLASS]
    if rare:
        found = f"Few pictures of {', '.join(rare[:5])}{' …' if len(rare) > 5 else ''}"
        yield Finding("few_of_a_class", "warning", found, "it will recognise them badly; add more")
    most, least = max(classes, key=lambda each: each[1]), min(classes, key=lambda each: each[1])
    if most[1] > UNEVEN * max(1, least[1]):
        found = f"“{most[0]}” has {most[1]} pictures, “{least[0]}” only {least[1]}"
        yield Finding("uneven", "warning", found, "the frequent ones will be preferred; add more of the others")


_LOOKS: tuple[_Look, ...] = (_look_for_what_is_left_out, _look_at_numbers, _look_at_each, _look_for_lookalikes)
