"""Translating a picture: at its full size, in its depth, with its alpha, again from its recipe."""

import numpy as np
import pytest
import torch
from PIL import Image
from translator_kit import BOTH_WAYS, ONE_WAY, write_translator

from models.pixels import to_picture, to_tensor
from models.style_code import code_of
from models.translation import TranslatorFacts, load_translator
from studio.core.controls import Controls
from studio.core.drawing import laid_over, paper_of
from studio.core.events import Preview, Progress, finish
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.picture_task import AGAIN, CONTENT, HERE, SKETCH, PictureRequest
from studio.core.translate_settings import TranslateSettings
from studio.jobs.catalog import start
from studio.jobs.picture_recipes import ReplayControls
from studio.jobs.translate.answers import AnswersTask
from studio.jobs.translate.draw import DrawTask, ResidentPair, paint_drawing
from studio.jobs.translate.translate import PUSH, translate
from studio.jobs.translate.way_back import WayBackTask, go_and_come_back


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (41, 54, 4), dtype=np.uint8)
    pixels[:10, :, 3], pixels[10:, :, 3] = 0, 255
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return load_picture(tmp_path / "photo.png")


@pytest.fixture
def pair(tmp_path):
    return write_translator(tmp_path / "pair.safetensors", BOTH_WAYS)


def made(photo, painted=None, **settings):
    request = PictureRequest({CONTENT: (photo,), **(painted or {})})
    job, events = translate(request, Controls(TranslateSettings(**settings))), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, events


def test_a_picture_is_translated_both_ways_within_a_level_of_one_pass(photo, pair):
    for direction, way in (("AtoB", "ab"), ("BtoA", "ba")):
        result, events = made(photo, model=str(pair), direction=direction)
        with torch.no_grad():
            expected = load_translator(pair, way)[0](to_tensor(photo.pixels))
        found = torch.from_numpy(result.layer.astype(np.float32) / 65535).permute(2, 0, 1)[None]
        assert (found - expected).abs().max() < 1 / 255
        assert result.picture.shape == (41, 54, 4)
        assert (result.picture[:10, :, 3] == 0).all()
        assert [event.share for event in events if isinstance(event, Progress)][-1] == 1.0


def test_strength_lays_it_over_the_picture(photo, pair):
    none, _ = made(photo, model=str(pair), strength=0.0)
    assert np.array_equal(none.picture[..., :3] // 257, photo.pixels[..., :3])
    half, whole = (made(photo, model=str(pair), strength=strength)[0] for strength in (0.5, 1.0))
    middle = (none.picture.astype(float) + whole.picture) / 2
    assert np.abs(half.picture - middle).max() <= 257


def test_a_large_one_is_glanced_at_first(tmp_path, pair):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 900, 3), dtype=np.uint8)).save(tmp_path / "wide.png")
    result, events = made(load_picture(tmp_path / "wide.png"), model=str(pair))
    (glance,) = [event for event in events if isinstance(event, Preview)]
    assert glance.draft
    assert glance.picture.shape[1] == 384
    assert result.picture.shape == (20, 900, 3)


def test_a_recipe_makes_it_again_wherever_the_pair_lies_now(photo, pair, tmp_path, monkeypatch):
    result, _ = made(photo, model=str(pair), direction="BtoA", strength=0.7)
    assert [record.name for record in result.recipe.weights] == ["pair.safetensors"]
    assert result.recipe.settings["model"] == "pair.safetensors"
    monkeypatch.chdir(tmp_path)
    again = finish(translate(PictureRequest({CONTENT: (photo,)}), ReplayControls(result.recipe)))
    assert np.array_equal(again.picture, result.picture)


def test_what_cannot_be_had_is_told(photo, tmp_path):
    one_way = write_translator(tmp_path / "one.safetensors", ONE_WAY)
    for settings, words in (
        ({}, "No pair of worlds is chosen"),
        ({"model": "nobody"}, "There is no translator called “nobody”"),
        ({"model": str(one_way), "direction": "BtoA"}, "has learnt one way only, AB"),
    ):
        with pytest.raises(StudioError, match=words):
            made(photo, **settings)


def test_a_pair_of_many_answers_is_asked_for_one_by_its_number(photo, tmp_path):
    facts = TranslatorFacts("separable", {"width": 4, "blocks": 1, "code": 3}, ("ab",), size=32)
    model = str(write_translator(tmp_path / "many.safetensors", facts))
    middle, one, other, again = (made(photo, model=model, code=code)[0].layer for code in (0, 1, 2, 1))
    assert np.array_equal(one, again)
    assert len({made.tobytes() for made in (middle, one, other)}) == 3
    with torch.no_grad():
        expected = load_translator(tmp_path / "many.safetensors")[0](to_tensor(photo.pixels), code_of(1, 3))
    assert np.abs(one / 65535 - expected[0].permute(1, 2, 0).numpy()).max() < 1 / 255


def test_nine_answers_are_shown_to_choose_from(photo, pair, tmp_path):
    facts = TranslatorFacts("separable", {"width": 4, "blocks": 1, "code": 3}, ("ab",), size=32)
    settings = TranslateSettings(model=str(write_translator(tmp_path / "many.safetensors", facts)))
    task = AnswersTask(photo.pixels, settings, first=10)
    answers = finish(start("paint_answers", task, Controls(settings)))
    assert [answer.code for answer in answers] == list(range(10, 19))
    assert {answer.picture.shape for answer in answers} == {(41, 54, 3)}
    assert len({answer.picture.tobytes() for answer in answers}) == 9
    whole = made(photo, model=settings.model, code=12)[0]
    assert np.abs(whole.layer // 257 - answers[2].picture.astype(int)).max() <= 1
    with pytest.raises(StudioError, match="one answer"):
        finish(
            start("paint_answers", AnswersTask(photo.pixels, TranslateSettings(model=str(pair))), Controls(settings))
        )


def as_input(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "painted.png")
    return load_picture(tmp_path / "painted.png")


def test_a_mask_translates_only_a_part_with_a_soft_edge(photo, pair, tmp_path):
    mask = np.zeros((41, 54), np.uint8)
    mask[:, 20:30], mask[:, 30:] = 128, 255
    whole, _ = made(photo, model=str(pair))
    part, _ = made(photo, {HERE: (as_input(tmp_path, mask),)}, model=str(pair))
    original = photo.pixels[..., :3] * 257.0
    assert np.array_equal(part.layer[:, :20], original[:, :20])
    assert np.array_equal(part.layer[:, 30:], whole.layer[:, 30:])
    half = original + (whole.layer - original) * (128 / 255)
    assert np.abs(part.layer - half)[:, 20:30].max() <= 1


def test_another_go_translates_what_was_changed_so_far_exaggerated(photo, pair, tmp_path):
    mask = np.zeros((41, 54), np.uint8)
    mask[20:] = 255
    once, _ = made(photo, model=str(pair))
    twice, _ = made(photo, {AGAIN: (as_input(tmp_path, mask),)}, model=str(pair))
    assert np.array_equal(twice.layer[:20], once.layer[:20])
    network, before = load_translator(pair, "ab")[0], to_tensor(photo.pixels)
    with torch.no_grad():
        pushed = (before + PUSH * (network(before) - before)).clamp(0, 1)
        expected = to_picture(network(pushed))[20:]
    assert np.abs(twice.layer[20:] / 257 - expected).max() < 2


def test_a_drawing_is_painted_over_the_faded_photo_at_the_size_that_was_learnt(photo, pair, tmp_path, monkeypatch):
    layer = np.zeros((82, 108, 4), np.uint8)
    layer[20:60, 20:60] = (200, 10, 10, 255)
    painted = {SKETCH: (as_input(tmp_path, layer),)}
    result, _ = made(photo, painted, model=str(pair), mode="draw", photo_below=0.4, strength=0.3)
    drawing = laid_over(paper_of(photo.pixels, 0.4, 32), [layer])  # BOTH_WAYS learnt at 32 px
    assert drawing.shape == result.layer.shape == (24, 32, 3)
    with torch.no_grad():
        expected = load_translator(pair)[0](to_tensor(drawing))
    assert np.abs(result.layer / 257 - to_picture(expected)).max() < 2
    assert np.array_equal(result.picture[..., :3], result.layer)  # Strength is for photos
    draft = finish(paint_drawing(DrawTask(ResidentPair(), drawing), Controls(TranslateSettings(model=str(pair)))))
    assert np.abs(draft.levels[0][..., 2::-1].astype(int) - to_picture(expected)).max() <= 1
    assert result.recipe.settings["mode"] == "draw"
    monkeypatch.chdir(tmp_path)
    again = finish(translate(PictureRequest({CONTENT: (photo,), **painted}), ReplayControls(result.recipe)))
    assert np.array_equal(again.layer, result.layer)


def test_the_way_back_is_measured_in_levels(photo, pair):
    found = finish(go_and_come_back(WayBackTask(photo.pixels), Controls(TranslateSettings(model=str(pair)))))
    with torch.no_grad():
        there = load_translator(pair, "ab")[0](to_tensor(photo.pixels)).clamp(0, 1)
        back = to_picture(load_translator(pair, "ba")[0](there))
    assert found.mean == pytest.approx(np.abs(back.astype(float) - photo.pixels[..., :3]).mean(), abs=0.5)
    assert (found.size, found.frame.width, found.error.has_alpha) == ((54, 41), 54, True)
