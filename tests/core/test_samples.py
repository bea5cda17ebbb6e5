"""The packaged pictures themselves, as far as they are in this checkout."""

import hashlib

import pytest

from studio.core.images import load_picture
from studio.core.samples import find_sample, sample_paintings, sample_photos, samples_in


def test_every_packaged_picture_opens_and_is_credited():
    samples = (*sample_photos(), *sample_paintings())
    if not samples:
        pytest.skip("this checkout has no samples yet")
    for sample in samples:
        assert load_picture(sample.path).width > 200
        assert sample.title
        assert sample.credit
        assert sample.licence
        assert find_sample(hashlib.sha256(sample.path.read_bytes()).hexdigest()) == sample.path


def test_credits_give_order_and_words_and_pictures_without_them_come_last(tmp_path):
    (tmp_path / "photos").mkdir()
    for name in ("a", "cat", "rocket"):
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(b"x")
    (tmp_path / "credits.json").write_text(
        '[{"file": "photos/rocket.jpg", "title": "Rocket", "credit": "NASA", "licence": "none", "kind": "photo"},'
        ' {"file": "paintings/tide.jpg", "title": "Tide", "credit": "x", "licence": "y", "kind": "painting"},'
        ' {"file": "cat.jpg", "title": "A cat", "credit": "S", "licence": "CC0", "kind": "photo"}]'
    )
    photos = samples_in(tmp_path, "photo")
    assert [photo.name for photo in photos] == ["rocket", "cat", "a"]
    assert (photos[0].title, photos[0].credit, photos[0].licence) == ("Rocket", "NASA", "none")
    assert photos[2].title == "A"
    assert samples_in(tmp_path, "painting") == ()
    assert samples_in(tmp_path / "nowhere", "photo") == ()


def test_an_unknown_picture_is_no_sample():
    assert find_sample("0" * 64) is None
