"""Real pictures and colour profiles for the tests of `studio.core`."""

import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.core.recipes import InputRecord, Recipe, SteeringStep, WeightsRecord

# Adobe RGB (1998): its primaries adapted to D50, gamma 563/256
ADOBE_COLORANTS = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def _tag_xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _tag_gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def icc_profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Write an ICC v2 display profile with these tags."""
    words = b"made for a test\0"
    common = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(words)) + words + bytes(78),
        b"cprt": b"text\0\0\0\0" + words,
        b"wtpt": _tag_xyz((0.9642, 1.0, 0.8249)),
    }
    entries, body = b"", b""
    all_tags = common | tags
    start = 132 + 12 * len(all_tags)
    for name, tag in all_tags.items():
        tag += bytes(-len(tag) % 4)
        entries += struct.pack(">4sII", name, start + len(body), len(tag))
        body += tag
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"test", 0x02400000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(all_tags)) + entries + body


def matrix_profile(curve: bytes) -> bytes:
    """Return a profile with Adobe RGB's primaries and the given tone curve in all channels."""
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_tag_xyz, ADOBE_COLORANTS), strict=True))
    return icc_profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


@pytest.fixture
def make_matrix_profile() -> Callable[[bytes], bytes]:
    return matrix_profile


@pytest.fixture
def wide_profile() -> bytes:
    """Adobe RGB (1998), in effect."""
    return matrix_profile(_tag_gamma(563 / 256))


@pytest.fixture
def grey_profile() -> bytes:
    """A grey profile of gamma 1.8."""
    return icc_profile(b"GRAY", {b"kTRC": _tag_gamma(1.8)})


@pytest.fixture
def scene() -> np.ndarray:
    """A smooth coloured picture, 60 × 40, 16 bits."""
    rng = np.random.default_rng(7)
    coarse = rng.uniform(0, 65535, (4, 6, 3)).astype(np.float32)
    return cv2.resize(coarse, (60, 40), interpolation=cv2.INTER_LINEAR).round().astype(np.uint16)


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        task="stylize",
        settings={"mode": "paint", "strength": 0.8, "style_mix": (0.25, 0.75)},
        inputs=(InputRecord(role="content", name="Küste ]]> & <b>.jpg", sha256="ab" * 32),),
        weights=(WeightsRecord(name="vgg19:untrained", trained=False),),
        seed=7,
        steering=(SteeringStep(at=12, action="settings", changes={"style_weight": 1.1}),),
        versions={"atelier": "0.1.0"},
    )


@pytest.fixture
def long_recipe(recipe: Recipe) -> Recipe:
    """An evening of steering: above 200 KB of JSON."""
    steps = tuple(SteeringStep(at=i, action="settings", changes={"style_weight": i / 7}) for i in range(3000))
    long = recipe.model_copy(update={"steering": steps})
    assert len(long.to_json()) > 200_000
    return long


@pytest.fixture
def ordinary_user() -> Iterator[Callable]:
    """Give up root's privileges for a while: root may read and write everything."""

    @contextmanager
    def drop() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return drop


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter (pytest's own are private)."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
