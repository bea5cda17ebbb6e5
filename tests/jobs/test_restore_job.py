"""Restoring a photo: mended or enlarged, in its depth, with its alpha, again from its recipe."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from restorer_kit import ENHANCER, ENLARGER, write_restorer
from studio_kit import write_photo

from models.noise import add_grain, noise_sigma
from models.restoration import FOREIGN, RestorerFacts
from studio.core.checksums import sha256_of
from studio.core.compositing import Backdrop, compose
from studio.core.controls import Controls
from studio.core.device import Device
from studio.core.events import Log, Preview, Progress, finish
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.picture_task import CONTENT, HERE, HINTS, HOLE, MASK, PictureRequest
from studio.core.picture_tasks import RESTORE
from studio.core.recipes import name_in_recipes
from studio.core.resizing import resize, to_16_bits
from studio.core.restore_settings import RestoreSettings
from studio.core.trained_models import PARTNER
from studio.jobs.picture_recipes import ReplayControls
from studio.jobs.restore import restore as restore_module
from studio.jobs.restore.networks import kind_of_restorers
from studio.jobs.restore.restore import restore, strength_for, warm_up_restorer


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 52, 4), dtype=np.uint8)
    pixels[:10, :, 3], pixels[10:, :, 3] = 0, 255
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return load_picture(tmp_path / "photo.png")


@pytest.fixture
def enlarger(tmp_path):
    return str(write_restorer(tmp_path / "enlarger.safetensors", ENLARGER))


@pytest.fixture
def enhancer(tmp_path):
    return str(write_restorer(tmp_path / "enhancer.safetensors", ENHANCER))


def made(photo, **settings):
    job, events = restore(PictureRequest({CONTENT: (photo,)}), Controls(RestoreSettings(**settings))), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, events


def test_a_photo_is_enlarged_with_its_alpha(photo, enlarger):
    result, events = made(photo, mode="enlarge", scale="2", model=enlarger)
    assert result.picture.shape == (80, 104, 4)
    assert result.picture.dtype == np.uint16
    assert (result.picture[:16, :, 3] == 0).all()
    assert (result.picture[24:, :, 3] == 65535).all()
    shown = [event for event in events if isinstance(event, Preview)]
    assert shown[0].draft
    assert shown[0].picture.shape == (80, 104, 3)
    assert isinstance(events[-1], Progress)
    assert events[-1].share == 1.0
    assert [record.name for record in result.recipe.weights] == [name_in_recipes(enlarger)]


def test_a_photo_is_brought_to_a_size(photo, enlarger, tmp_path, monkeypatch):
    result, _ = made(photo, mode="enlarge", scale="size", longer_side=78, model=enlarger, grain=0.5)
    assert result.picture.shape == (60, 78, 4)
    assert result.recipe.settings["longer_side"] == 78
    monkeypatch.chdir(tmp_path)
    again = finish(restore(PictureRequest({CONTENT: (photo,)}), ReplayControls(result.recipe)))
    assert np.array_equal(again.picture, result.picture)


def test_what_is_looked_at_comes_first(tmp_path, enlarger):
    write_photo(tmp_path / "large.png", 900, 700)
    controls = Controls(RestoreSettings(mode="enlarge", model=enlarger))
    controls.look_at = (1.0, 0.0)
    photo = load_picture(tmp_path / "large.png")
    job = restore(PictureRequest({CONTENT: (photo,)}), controls)
    first = next(event for event in job if isinstance(event, Preview)).picture
    assert first.shape == (1400, 1800, 3)
    enlarged = cv2.resize(photo.pixels, (1800, 1400), interpolation=cv2.INTER_CUBIC)
    changed = np.argwhere((first != enlarged).any(axis=2))
    assert changed.min(axis=0) == pytest.approx((0, 1544), abs=16)
    assert changed.max(axis=0) == pytest.approx((255, 1799), abs=16)
    job.close()


def test_enhancing_keeps_the_size_and_follows_denoise(photo, enhancer):
    weak, _ = made(photo, model=enhancer, denoise=0.0)
    strong, _ = made(photo, model=enhancer, denoise=1.0)
    assert weak.picture.shape == (40, 52, 4)
    assert not np.array_equal(weak.layer, strong.layer)


def test_strength_lays_the_result_over_the_photo(photo, enlarger):
    half, _ = made(photo, mode="enlarge", model=enlarger, strength=0.0)
    enlarged = np.array(Image.fromarray(photo.pixels).resize((104, 80), Image.BICUBIC))
    assert np.abs((half.picture[20:, :, :3] >> 8).astype(int) - enlarged[20:, :, :3]).mean() < 12
    assert half.picture.shape == (80, 104, 4)


def test_a_picture_is_made_again_from_its_recipe(photo, enlarger, tmp_path, monkeypatch):
    first, _ = made(photo, mode="enlarge", model=enlarger, grain=0.5, seed=4)
    (tmp_path / "enlarger.safetensors").rename(tmp_path / "moved.safetensors")
    controls = ReplayControls(first.recipe)
    with pytest.raises(StudioError, match="not on this computer"):
        finish(restore(PictureRequest({CONTENT: (photo,)}), controls))
    (tmp_path / "moved.safetensors").rename(tmp_path / "enlarger.safetensors")
    monkeypatch.chdir(tmp_path)
    again = finish(restore(PictureRequest({CONTENT: (photo,)}), controls))
    assert np.array_equal(again.picture, first.picture)
    assert again.recipe == first.recipe


def test_sixteen_bits_stay_sixteen_bits(tmp_path, enhancer):
    ramp = np.linspace(20_000, 24_000, 64 * 64).reshape(64, 64).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), np.dstack([ramp] * 3))
    result, _ = made(load_picture(tmp_path / "deep.png"), model=enhancer, denoise=0.5)
    assert len(np.unique(result.picture)) > 1000  # 8 bits would leave some sixty


def test_a_network_that_enlarges_otherwise_is_told(photo, enlarger):
    with pytest.raises(StudioError, match="enlarges 2-fold"):
        made(photo, mode="enlarge", scale="4", model=enlarger)
    with pytest.raises(StudioError, match="keeps the size"):
        made(photo, mode="enhance", model=enlarger)


def test_a_network_that_looks_at_everything_gets_a_smaller_version_of_a_large_photo(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.jobs.restore.restore.ONE_PASS_PIXELS", 48 * 48)
    model = write_restorer(tmp_path / "unet.safetensors", RestorerFacts("unet", {"encoder": "atelier-slim"}))
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    result, events = made(load_picture(tmp_path / "photo.png"), model=str(model))
    assert result.picture.shape == (96, 96, 3)
    assert any(isinstance(event, Log) and "smaller version" in event.message for event in events)
    fine = pixels.astype(float) - cv2.blur(pixels, (5, 5))
    kept = (result.picture / 257).astype(float) - cv2.blur(result.picture / 257, (5, 5))
    assert np.corrcoef(fine.ravel(), kept.ravel())[0, 1] > 0.7  # its own detail stays


def test_a_network_of_ones_own_is_mixed_with_the_crisp_one_beside_it_and_again_from_the_recipe(
    photo, enlarger, tmp_path, monkeypatch
):
    facts = replace(ENLARGER, finish="crisp", about={PARTNER: sha256_of(Path(enlarger))})
    crisp = str(write_restorer(tmp_path / "crisp.safetensors", facts, seed=1))
    whole, events = made(photo, mode="enlarge", model=enlarger, crisp=1.0)
    alone, _ = made(photo, mode="enlarge", model=crisp)
    assert not any(isinstance(event, Log) for event in events)
    assert np.array_equal(whole.picture, alone.picture)
    assert len(whole.recipe.weights) == 2
    monkeypatch.chdir(tmp_path)
    again = finish(restore(PictureRequest({CONTENT: (photo,)}), ReplayControls(whole.recipe)))
    assert np.array_equal(again.picture, whole.picture)


def test_a_network_of_ones_own_has_no_crisp_partner_and_says_so(photo, enlarger):
    _, events = made(photo, mode="enlarge", model=enlarger, crisp=1.0)
    assert any(isinstance(event, Log) and "crisp" in event.message for event in events)


def test_formats_are_compared_on_what_takes_long_enough_to_tell(monkeypatch):
    monkeypatch.setattr("studio.jobs.restore.networks.choose_device", lambda: Device("cpu", "processor"))
    enhancer, twice = RestorerFacts("enhancer"), RestorerFacts("enlarger", {"scale": 2})
    assert kind_of_restorers(enhancer) == "restorers: enhancer at 256 px"
    assert kind_of_restorers(enhancer, twice).endswith("at 128 px")  # what is made has 256
    assert kind_of_restorers(RestorerFacts(FOREIGN)).endswith("at 64 px")  # some take seconds for more


def test_automatic_strength_is_that_of_the_noise_or_the_jpeg():
    smooth = np.full((256, 256, 3), 30_000, np.uint16)
    for sigma in (0.02, 0.1):
        noisy = smooth.copy()
        add_grain(noisy, sigma, seed=1)
        assert noise_sigma(noisy) == pytest.approx(sigma, rel=0.1)
        assert strength_for(RestoreSettings(), noisy, by_itself=True) == pytest.approx(sigma * 255 / 40, rel=0.1)
        assert strength_for(RestoreSettings(mode="enlarge"), noisy, by_itself=False) == 0.0
    coloured = np.random.default_rng(2).normal(smooth, 0.08 * 65535).clip(0, 65535).astype(np.uint16)
    assert noise_sigma(coloured, channelwise=True) == pytest.approx(0.08, rel=0.1)  # luma has two thirds of it
    assert strength_for(RestoreSettings(), coloured, by_itself=True) == pytest.approx(0.08 * 255 / 40, rel=0.1)
    assert noise_sigma(smooth) == 0.0
    assert strength_for(RestoreSettings(denoise=0.3), smooth, by_itself=False) == 0.3
    cloudy = cv2.resize(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8), (160, 160))
    _, coarse = cv2.imencode(".jpg", cloudy, [cv2.IMWRITE_JPEG_QUALITY, 20])
    coarse = cv2.imdecode(coarse, cv2.IMREAD_COLOR)
    assert strength_for(RestoreSettings(), coarse, by_itself=True) == pytest.approx(0.5, abs=0.03)


def test_what_jpeg_has_left_is_mended_before_it_is_enlarged_by_what_comes_along(enlarger, tmp_path):
    clouds = cv2.resize(np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8), (96, 96))
    Image.fromarray(clouds).save(tmp_path / "clean.png")
    Image.fromarray(clouds).save(tmp_path / "poor.jpg", quality=20)

    def used(name: str, **settings) -> set[str]:
        return {
            record.name for record in made(load_picture(tmp_path / name), mode="enlarge", **settings)[0].recipe.weights
        }

    assert used("clean.png") == {"atelier-enlarge-2"}
    assert used("poor.jpg") == {"atelier-enhance", "atelier-enlarge-2"}
    assert used("poor.jpg", scale="4") == {"atelier-enlarge-4"}  # that one is told
    assert len(used("poor.jpg", model=enlarger)) == 1  # somebody's own may have learnt to mend in its own way


def test_warming_up_runs_each_network_that_a_photo_may_need_once_and_no_other(enlarger, tmp_path, monkeypatch):
    told = RestorerFacts("enlarger", {**ENLARGER.shape, "conditioned": True})
    told = str(write_restorer(tmp_path / "told.safetensors", told))
    run = []
    once = restore_module.restore_in_tiles
    monkeypatch.setattr(
        restore_module, "restore_in_tiles",
        lambda network, *rest, **more: run.append(type(network).__name__) or once(network, *rest, **more),
    )  # fmt: skip

    def warmed(**settings) -> int:
        run.clear()
        settings = RestoreSettings(**settings)
        finish(warm_up_restorer(settings, Controls(settings)))
        return len(run)

    assert warmed() == 1
    assert warmed(mode="enlarge") == 2  # alone, and behind Enhance
    assert warmed(mode="enlarge", scale="4") == 1  # that one is told
    assert warmed(mode="enlarge", model=enlarger) == 1
    assert warmed(mode="enlarge", model=told) == 1
    assert warmed(mode="enlarge", scale="size", model=enlarger) == 1
    assert warmed(mode="enlarge", denoise=0.5) == 1
    assert warmed(mode="fill") == 0


def test_an_enlarger_that_is_told_what_to_take_away_needs_nothing_before_it(tmp_path):
    pixels = np.full((64, 64, 3), 30_000, np.uint16)
    add_grain(pixels, 0.05, seed=2)
    Image.fromarray((pixels >> 8).astype(np.uint8)).save(tmp_path / "grainy.png")
    photo = load_picture(tmp_path / "grainy.png")
    told = RestorerFacts("enlarger", {**ENLARGER.shape, "conditioned": True})
    model = str(write_restorer(tmp_path / "told.safetensors", told))
    results = [made(photo, mode="enlarge", model=model, denoise=denoise)[0] for denoise in (0.0, 1.0, -0.05)]
    assert [len(result.recipe.weights) for result in results] == [1, 1, 1]
    none, most, automatic = (result.picture for result in results)
    assert (none != most).any()
    assert (none != automatic).any()


def test_grain_is_put_back_as_strong_as_it_was_and_needs_no_network(tmp_path, enlarger):
    pixels = np.full((128, 128, 3), 30_000, np.uint16)
    add_grain(pixels, 0.05, seed=2)
    Image.fromarray((pixels >> 8).astype(np.uint8)).save(tmp_path / "grainy.png")
    photo = load_picture(tmp_path / "grainy.png")
    made_of_it, _ = made(photo, mode="enlarge", model=enlarger, grain=1.0)
    backdrop, layer = Backdrop(photo.pixels), made_of_it.layer
    assert np.array_equal(compose(backdrop, layer, RestoreSettings(grain=1.0)), made_of_it.picture)
    assert np.array_equal(compose(backdrop, layer, RestoreSettings()), layer)
    added = (made_of_it.picture.astype(float) - layer).std() / 65535
    assert added == pytest.approx(0.05, rel=0.3)  # what is enlarged is softer
    assert not np.array_equal(compose(backdrop, layer, RestoreSettings(grain=1.0, seed=1)), made_of_it.picture)


def test_what_a_mask_protects_stays(photo, enlarger, tmp_path):
    mask = np.zeros((20, 26), np.uint8)
    mask[:, 13:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    request = PictureRequest({CONTENT: (photo,), MASK: (load_picture(tmp_path / "mask.png"),)})
    settings = Controls(RestoreSettings(mode="enlarge", model=enlarger))
    result, whole = finish(restore(request, settings)), finish(restore(PictureRequest({CONTENT: (photo,)}), settings))
    assert np.array_equal(result.layer[:, :48], whole.layer[:, :48])
    assert np.array_equal(result.layer[:, 56:], resize(to_16_bits(photo.pixels[..., :3]), 104, 80)[:, 56:])
    assert [used.role for used in result.recipe.inputs] == [CONTENT, MASK]


def test_restoring_here_alone_feathers_as_painted_and_protected_places_stay_all_the_same(
    photo, enhancer, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # where the replay finds the network
    here, protected = np.zeros((2, 40, 52), np.uint8)
    here[:, 20:30], here[:, 30:] = 128, 255
    protected[30:] = 255
    for name, mask in (("here", here), ("protected", protected)):
        Image.fromarray(mask).save(tmp_path / f"{name}.png")
    masks = {role: (load_picture(tmp_path / f"{name}.png"),) for role, name in ((HERE, "here"), (MASK, "protected"))}
    settings = Controls(RestoreSettings(model=enhancer, denoise=1.0))
    whole = finish(restore(PictureRequest({CONTENT: (photo,)}), settings)).layer
    result = finish(restore(PictureRequest({CONTENT: (photo,), **masks}), settings))
    original = to_16_bits(photo.pixels[..., :3])
    assert np.array_equal(result.layer[:, :20], original[:, :20])
    assert np.array_equal(result.layer[30:], original[30:])
    assert np.array_equal(result.layer[:30, 30:], whole[:30, 30:])
    half = original[:30, 20:30] + (whole[:30, 20:30].astype(float) - original[:30, 20:30]) * (128 / 255)
    assert np.abs(result.layer[:30, 20:30] - half).max() <= 1
    replayed = finish(restore(PictureRequest({CONTENT: (photo,), **masks}), ReplayControls(result.recipe)))
    assert np.array_equal(replayed.picture, result.picture)


def test_hole_here_and_hints_are_places_that_nobody_has_to_fill():
    assert [RESTORE.slot(role).least for role in (MASK, HOLE, HERE, HINTS)] == [0] * 4
    assert [RESTORE.slot(role).title for role in (HOLE, HERE, HINTS)] == ["Hole", "Restore here", "Colour hints"]


def test_only_tiles_are_restored_in_which_something_is_to_be(enhancer, tmp_path, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (600, 1100, 3), dtype=np.uint8)
    here = np.zeros((600, 1100), np.uint8)
    here[500:520, 40:90] = 255
    for name, picture in (("photo", pixels), ("here", here)):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    photo, here_alone = (load_picture(tmp_path / f"{name}.png") for name in ("photo", "here"))
    settings = Controls(RestoreSettings(model=enhancer, denoise=1.0))
    job = restore(PictureRequest({CONTENT: (photo,), HERE: (here_alone,)}), settings)
    shares = []
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            result = end.value
            break
        if isinstance(event, Progress) and event.share:
            shares.append(event.share)
    assert shares == [1.0]  # of six tiles
    whole = finish(restore(PictureRequest({CONTENT: (photo,)}), settings)).layer
    assert np.array_equal(result.layer[500:520, 40:90], whole[500:520, 40:90])
    assert np.array_equal(result.layer[:490], to_16_bits(pixels)[:490])
