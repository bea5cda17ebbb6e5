"""The packaged pictures themselves, as far as they are in this checkout."""

import hashlib
import json

import pytest

from models.weight_headers import safetensors_metadata
from studio.core.images import load_picture
from studio.core.known_networks import packaged_weights
from studio.core.samples import find_sample, sample_paintings, sample_photos, samples_in

SAMPLES = (*sample_photos(), *sample_paintings())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_packaged_picture_opens_is_credited_and_found_by_its_content(sample):
    assert load_picture(sample.path).icc_profile is None  # sRGB: also where nobody looks at profiles
    assert sample.title
    assert sample.credit
    assert sample.licence in {"CC0-1.0", "CC-BY-4.0", "Public domain"}
    assert find_sample(hashlib.sha256(sample.path.read_bytes()).hexdigest()) == sample.path


def test_photos_are_large_enough_to_be_looked_at_closely():
    assert len(sample_photos()) >= 4
    assert all(max(load_picture(photo.path).pixels.shape) >= 900 for photo in sample_photos())


def test_every_credit_has_its_picture_and_every_picture_its_credit():
    folder = sample_photos()[0].path.parents[1]
    credits_ = json.loads((folder / "credits.json").read_text("utf-8"))
    assert {credit["file"] for credit in credits_} == {
        path.relative_to(folder).as_posix() for path in folder.glob("*/*.jpg")
    }
    assert [credit["name"] for credit in credits_ if credit["kind"] != "former"] == [one.name for one in SAMPLES]
    assert all(credit["source"] for credit in credits_)


def test_samples_stay_light_enough_to_ship():
    assert sum(sample.path.stat().st_size for sample in SAMPLES) < 4 * 2**20


@pytest.mark.parametrize("name", ["wave", "town"])
def test_paintings_that_the_first_fast_styles_learnt_are_found_though_on_no_shelf(name):
    network = next(known for known in packaged_weights().manifest.networks if known.name == f"fast-{name}")
    learnt = safetensors_metadata(packaged_weights().folder / network.file)["painting_sha256"]
    found = find_sample(learnt)
    assert found.name == f"{name}.jpg"
    assert found not in {sample.path for sample in SAMPLES}


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
