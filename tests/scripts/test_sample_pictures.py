"""The sample pictures are there, credited, painted by the painters that are credited, and unlike one another."""

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from painters import PAINTINGS, Painting
from painters.measure import band_energies, colour_statistics, stroke_directions
from PIL import Image
from sample_shelf import SAMPLES, Credit, read_credits, write_credits

ROOT = Path(__file__).resolve().parents[2]
SKETCH = 128  # pixels: enough to judge a composition, quick to paint


@cache
def shipped(painting: Painting) -> np.ndarray:
    return np.asarray(Image.open(SAMPLES / "paintings" / f"{painting.name}.jpg"))


@pytest.fixture(scope="session")
def sketches() -> dict[str, np.ndarray]:
    return {painting.name: painting.paint(SKETCH, painting.seed) for painting in PAINTINGS}


@pytest.mark.parametrize("painting", PAINTINGS, ids=lambda painting: painting.name)
class TestPainting:
    def test_is_shipped_large_enough(self, painting: Painting):
        assert min(shipped(painting).shape[:2]) >= 900

    def test_comes_out_the_same_every_time(self, painting: Painting, sketches):
        np.testing.assert_array_equal(painting.paint(SKETCH, painting.seed), sketches[painting.name])

    def test_shorter_side_is_the_size_asked_for(self, painting: Painting, sketches):
        assert sketches[painting.name].dtype == np.uint8
        assert min(sketches[painting.name].shape[:2]) == SKETCH

    def test_sketch_shows_the_composition_of_the_shipped_picture(self, painting: Painting, sketches):
        def thumbnail(frame: np.ndarray) -> np.ndarray:
            small = Image.fromarray(frame).convert("L").resize((20, 20), Image.Resampling.BOX)
            return np.asarray(small, float).ravel()

        likeness = np.corrcoef(thumbnail(sketches[painting.name]), thumbnail(shipped(painting)))[0, 1]
        assert likeness > 0.75

    def test_has_something_to_see_at_every_scale(self, painting: Painting):
        assert band_energies(shipped(painting)).min() > 8  # of 255, for details of 1 to 64 px


def test_manners_differ_in_palette_or_strokes_and_always_in_texture():
    seen = {p.name: [f(shipped(p)) for f in (colour_statistics, stroke_directions, band_energies)] for p in PAINTINGS}
    for one, other in itertools.combinations(seen, 2):
        (palette, strokes, bands), (palette2, strokes2, bands2) = seen[one], seen[other]
        apart = np.abs(palette - palette2).max() > 10 or np.abs(strokes - strokes2).sum() > 0.3
        assert apart, f"{one} and {other} look alike"
        assert np.abs(np.log2(bands / bands2)).max() > 0.25, f"{one} and {other} have the same texture"


@pytest.mark.parametrize(("period", "band"), [(4, 1), (16, 3), (64, 5)])
def test_band_energy_of_a_grating_lies_in_its_own_band(period: int, band: int):
    wave = np.tile(128 + 100 * np.sin(2 * np.pi * np.arange(512) / period), (512, 1)).astype(np.uint8)
    energies = band_energies(np.stack([wave] * 3, axis=-1))
    assert abs(int(np.argmax(energies)) - band) <= 1
    assert energies.max() > 3 * np.median(energies)


def test_stroke_directions_tell_horizontal_from_vertical():
    stripes = np.tile(np.where(np.arange(64) // 8 % 2, 220, 30)[:, None], (1, 64)).astype(np.uint8)
    picture = np.stack([stripes] * 3, axis=-1)
    horizontal, vertical = stroke_directions(picture), stroke_directions(picture.transpose(1, 0, 2))
    assert horizontal[[0, -1]].sum() > 0.95
    assert vertical[5:7].sum() > 0.95


def test_every_picture_is_credited_and_every_credit_has_its_picture():
    credits_ = read_credits()
    assert {credit.file for credit in credits_} == {
        path.relative_to(SAMPLES).as_posix() for path in SAMPLES.glob("*/*.jpg")
    }
    for credit in credits_:
        assert credit.file == f"{credit.kind}s/{credit.name}.jpg"
        assert all([credit.title, credit.credit, credit.licence, credit.source])
    assert [c.name for c in credits_ if c.kind == "painting"] == [painting.name for painting in PAINTINGS]
    assert [c.name for c in credits_ if c.kind == "photo"] == ["cat", "astronaut", "coffee", "rocket"]


def test_painted_credits_name_the_file_that_paints_them():
    for credit in read_credits():
        if credit.kind == "painting":
            assert (ROOT / credit.source).is_file()


def test_writing_one_kind_of_credit_keeps_the_other(tmp_path: Path):
    photo = Credit("photos/a.jpg", "photo", "a", "A", "someone", "CC0-1.0", "somewhere")
    painting = Credit("paintings/b.jpg", "painting", "b", "B", "us", "Apache-2.0", "here")
    again = Credit("paintings/c.jpg", "painting", "c", "C", "us", "Apache-2.0", "here")
    for entry in (painting, photo, again):
        write_credits([entry], tmp_path)
    assert read_credits(tmp_path) == [photo, again]


def test_samples_stay_light_enough_to_ship():
    assert sum(path.stat().st_size for path in SAMPLES.glob("paintings/*.jpg")) < 4 * 2**20
    assert sum(path.stat().st_size for path in SAMPLES.glob("photos/*.jpg")) < 2**20
    assert (ROOT / "docs" / "images" / "samples.jpg").stat().st_size <= 300 * 1024


def test_photos_are_whole_and_at_their_native_size():
    for name, size in {"astronaut": (512, 512), "cat": (451, 300), "coffee": (600, 400), "rocket": (640, 427)}.items():
        with Image.open(SAMPLES / "photos" / f"{name}.jpg") as photo:
            photo.load()
            assert (photo.size, photo.mode) == (size, "RGB")
