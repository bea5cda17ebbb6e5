"""What two folders are to each other that a translator learns from: pictures of two worlds, or pairs of them.

Each folder has its own report (`inspection`). Here is what shows only when both are seen: critics tell two worlds apart
by whatever differs, be it the number, the sharpness or the tones of the pictures, and that is what will be learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from studio.core.events import Job
from studio.training.data.inspection import DataReport, Finding, examine
from studio.training.data.near_duplicates import comparing_glances
from studio.training.data.sources import Reading

__all__ = ["Together", "comparing_worlds", "examining_pairs"]

UNEVEN = 4.0
"""How many times as many pictures one world may have."""
UNLIKE = 1.5
"""How many times as large the pictures of one may be, where those of the other are hardly larger than the squares."""
LIGHT, CAST, CONTRAST = 0.1, 0.08, 1.5
"""How far apart mean lightness may lie, and how far red minus blue (0–1); how many times as strong contrast may be."""
_LUMA = (0.2126, 0.7152, 0.0722)
_OF_PAIRS = frozenset({"split", "sides", "unpaired", "halved", "unequal", "few"})


@dataclass(frozen=True, slots=True)
class Together:
    """What both are like together: one line, more of it in lines, and what there is to heed."""

    headline: str
    facts: str
    findings: tuple[Finding, ...]


def comparing_worlds(reports: Sequence[DataReport], size: int) -> Job[Together]:
    """Compare two worlds, by their reports, which are to be trained on at `size` px."""
    a, b = reports
    both = (("A", a), ("B", b))
    same = yield from _in_both(a, b)
    findings = [*same, *_numbers(a, b), *_sizes(a, b, size), *_tones(a, b)]
    findings.sort(key=lambda finding: finding.severity != "warning")
    headline = "What sets A and B apart" if findings else "A and B differ only in what they show"
    return Together(headline, "\n".join(_facts(name, report) for name, report in both), tuple(findings))


def examining_pairs(sources: Sequence[Path], reading: Reading, size: int) -> Job[Together]:
    """Say which pictures belong together.

    Raises:
        StudioError: none do.

    """
    report = yield from examine(sources, size=size, reading=replace(reading, holds="pairs", side=""))
    findings = tuple(finding for finding in report.findings if finding.kind in _OF_PAIRS)
    return Together(report.summary, "", findings)


def _facts(name: str, report: DataReport) -> str:
    sides = median(min(size) for size in report.sizes) if report.sizes else 0
    words = [f"{name}: {report.usable:,} pictures, mostly of {sides:.0f} px"]
    if report.means:
        colours = " ".join(f"{100 * mean:.0f}" for mean in report.means)
        contrast = 100 * _mean(report.deviations)
        words.append(f"lightness {100 * _mean(report.means):.0f} % ± {contrast:.0f} · red green blue {colours}")
    return " · ".join(words)


def _mean(channels: Sequence[float]) -> float:
    return sum(weight * value for weight, value in zip(_LUMA, channels, strict=True))


def _in_both(a: DataReport, b: DataReport) -> Job[list[Finding]]:
    """Find pictures that lie in both worlds, or look the same."""
    groups = yield from comparing_glances([*a.glances, *b.glances])
    files = (*a.files, *b.files)
    torn = [group for group in groups if group[0] < len(a.glances) <= group[-1]]
    if not torn or len(files) != len(a.glances) + len(b.glances):
        return []
    meant = tuple(files[number] for group in torn for number in group)
    one = len(torn) == 1
    found = (
        f"{len(torn)} picture{'' if one else 's'} of A look{'s' if one else ''} like {'one' if one else 'ones'} of B"
    )
    return [Finding("in_both", "warning", found, "of these it learns to change nothing; delete them from one", meant)]


def _numbers(a: DataReport, b: DataReport) -> list[Finding]:
    (few, less), (many, more) = sorted((("A", a.taught), ("B", b.taught)), key=lambda one: one[1])
    if not less or more <= UNEVEN * less:
        return []
    found = f"{many} has {more:,} pictures, {few} only {less:,}"
    does = (
        f"each round shows those of {few} about {more / less:.0f} times, and its critic learns them by heart; add some"
    )
    return [Finding("imbalance", "warning", found, does)]


def _sizes(a: DataReport, b: DataReport, size: int) -> list[Finding]:
    sides = sorted((median(min(one) for one in report.sizes), name) for name, report in (("A", a), ("B", b)))
    (least, small), (most, large) = sides
    if most < UNLIKE * least or least >= UNLIKE * size:
        return []
    found = f"Pictures of {small} are smaller ({least:.0f} px) than those of {large} ({most:.0f} px)"
    return [Finding("sharpness", "warning", found, f"at {size} px they are softer, and softness will be learnt, too")]


def _tones(a: DataReport, b: DataReport) -> list[Finding]:
    if not (a.means and b.means):
        return []
    findings = []
    light = [_mean(report.means) for report in (a, b)]
    if abs(light[0] - light[1]) > LIGHT:
        found = f"{'A' if light[0] < light[1] else 'B'} is darker: lightness {_percent(light)}"
        findings.append(Finding("tones", "info", found, "light will change, too; “Keep its own” holds it"))
    cast = [report.means[0] - report.means[2] for report in (a, b)]
    if abs(cast[0] - cast[1]) > CAST:
        found = f"{'A' if cast[0] > cast[1] else 'B'} is warmer: red minus blue {_percent(cast)}"
        findings.append(Finding("tones", "info", found, "colours will change, too; “Keep its own” holds them"))
    strong = [max(_mean(report.deviations), 1e-3) for report in (a, b)]
    if max(strong) > CONTRAST * min(strong):
        found = f"{'A' if strong[0] < strong[1] else 'B'} is paler: contrast {_percent(strong)}"
        findings.append(Finding("tones", "info", found, "contrast will change, too"))
    return findings


def _percent(values: Sequence[float]) -> str:
    return f"{100 * values[0]:.0f} % in A, {100 * values[1]:.0f} % in B"
