"""Pictures that look the same although their files differ: saved again, resized, slightly retouched."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.events import Job, Progress

__all__ = ["alike_in", "comparing_glances", "glance_at"]

GLANCE = 16
"""Side in pixels of what is kept of a picture to tell lookalikes."""

_BANDS = 4
"""Of 16 bits each: two pictures that differ in fewer bits than there are bands agree wholly in one of them."""
_DIFFERENT_BITS = 3
_DIFFERENCE = 5.0
"""Mean difference of grey levels between the miniatures of lookalikes, at most."""
_FLAT = 6.0
"""Standard deviation below which a picture has no shapes to compare."""
_IN_A_ROW = 100
_CROWD = 64
"""A band shared by so many pictures says nothing, and would take for ever to compare."""


class _Pictures(Protocol):
    """Decoded pictures by number, H×W×3 each."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...


def glance_at(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return H×W×3 as a grey miniature."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (GLANCE, GLANCE), interpolation=cv2.INTER_AREA), np.uint8)


def alike_in(pictures: _Pictures) -> Job[list[list[int]]]:
    """Return groups of decoded pictures that look alike, by their numbers."""
    glances: list[NDArray[np.uint8]] = []
    for number in range(len(pictures)):
        if number % _IN_A_ROW == 0:
            yield Progress("Comparing the pictures", number, len(pictures))
        glances.append(glance_at(np.ascontiguousarray(pictures[number])))
    return (yield from comparing_glances(glances))


def comparing_glances(glances: Sequence[NDArray[np.uint8] | None]) -> Job[list[list[int]]]:
    """Return groups (two or more) of pictures that look alike, by their numbers.

    Candidates share most bits of a difference hash (Krawetz 2013: is each of 8×8 cells brighter than its neighbour?);
    their miniatures decide.

    Args:
        glances: grey miniatures, all of one size; None is like nothing.

    """
    bands: dict[tuple[int, int], list[int]] = defaultdict(list)
    hashes = []
    for number, miniature in enumerate(glances):
        if number % _IN_A_ROW == 0:
            yield Progress("Comparing the pictures", number, len(glances))
        hashes.append(None if miniature is None or miniature.std() < _FLAT else _difference_hash(miniature))
    for number, bits in enumerate(hashes):
        for band in range(_BANDS if bits is not None else 0):
            bands[band, (bits or 0) >> (16 * band) & 0xFFFF].append(number)
    leader = list(range(len(glances)))
    for seen, members in enumerate(bands.values()):
        if seen % _IN_A_ROW == 0:
            yield Progress("Comparing the pictures", seen, len(bands))
        if 1 < len(members) <= _CROWD:
            for position, one in enumerate(members):
                for other in members[position + 1 :]:
                    if _alike(hashes[one], hashes[other], glances[one], glances[other]):
                        _unite(leader, one, other)
    groups: dict[int, list[int]] = defaultdict(list)
    for number in range(len(glances)):
        groups[_leader_of(leader, number)].append(number)
    return [members for members in groups.values() if len(members) > 1]


def _difference_hash(miniature: NDArray[np.uint8]) -> int:
    small = cv2.resize(miniature, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes())


def _alike(
    one: int | None, other: int | None, miniature: NDArray[np.uint8] | None, other_glance: NDArray[np.uint8] | None
) -> bool:
    if one is None or other is None or miniature is None or other_glance is None:
        return False
    if (one ^ other).bit_count() > _DIFFERENT_BITS:
        return False
    return float(np.abs(miniature.astype(np.int16) - other_glance).mean()) <= _DIFFERENCE


def _unite(leader: list[int], one: int, other: int) -> None:
    first, second = sorted((_leader_of(leader, one), _leader_of(leader, other)))
    leader[second] = first


def _leader_of(leader: list[int], number: int) -> int:
    while leader[number] != number:
        leader[number] = leader[leader[number]]
        number = leader[number]
    return number
