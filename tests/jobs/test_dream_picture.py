"""The dream job: its pictures by the formulas of what is set, and the same again from their recipes."""

import numpy as np
import pytest
import torch
from generator_kit import LESSONS, STYLED, lively, write_generator
from job_kit import heard

from models.latent import latents_of, mean_style, pictures_of, slerp
from models.pixels import to_picture
from studio.core.controls import Controls
from studio.core.dream_settings import (
    Bending,
    Bends,
    DreamSettings,
    Held,
    Mixture,
    Move,
    Moves,
    packed,
    place_of,
    seed_at,
    unpacked,
)
from studio.core.failures import StudioError
from studio.core.picture_task import PictureRequest
from studio.core.resizing import to_8_bits
from studio.jobs import catalog
from studio.jobs.dream_picture import sketch
from studio.jobs.dream_tasks import SketchesTask
from studio.jobs.picture_recipes import ReplayControls


@pytest.fixture
def model(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("ATELIER_DEVICE", "cpu")
    return str(write_generator(tmp_path / "faces.safetensors"))


def dreamt(settings: DreamSettings):
    return heard(catalog.start("dream", PictureRequest({}), Controls(settings)))[1]


def network():
    return lively()


def pictured(w: torch.Tensor) -> np.ndarray:
    return to_picture(pictures_of(network(), w)).astype(int)


def test_a_whole_place_is_its_seed_and_between_two_it_is_on_the_arc(model):
    z = latents_of((3, 4), 8)
    whole = dreamt(DreamSettings(model=model, across=3.0)).layer
    assert np.abs(to_8_bits(whole).astype(int) - pictured(network().map(z[:1]))).max() <= 1
    between = dreamt(DreamSettings(model=model, across=3.25)).layer
    assert np.abs(to_8_bits(between).astype(int) - pictured(network().map(slerp(z[:1], z[1:], 0.25)))).max() <= 1


def test_seeds_lie_in_rows_on_the_pad():
    assert [seed_at(*place) for place in ((0, 0), (99, 0), (0, 1), (7, 12))] == [0, 99, 100, 1207]
    assert place_of(1207) == (7, 12)
    assert seed_at(-1, 0) == 2**31 - 1


def test_a_held_point_is_shown_in_place_of_the_pads(model):
    w = network().by_stage(network().map(latents_of((9,), 8)))
    w = torch.cat([w[:, :1], 0.5 * w[:, 1:]], dim=1)
    settings = DreamSettings(model=model, typical=0.5, moves=Moves()).holding(w[0].numpy(), "Found")
    assert (settings.typical, settings.held.name) == (1.0, "Found")
    assert np.abs(to_8_bits(dreamt(settings).layer).astype(int) - pictured(w)).max() <= 2
    assert not settings.at(1.0, 2.0).held.w


def test_typical_mixed_and_moved_as_their_formulas_say(model):
    generator = network()
    w, other = (generator.by_stage(generator.map(latents_of((seed,), 8))) for seed in (3, 5))
    mean = mean_style(generator)
    w, other = mean + 0.7 * (w - mean), mean + 0.7 * (other - mean)
    w = torch.stack([w[:, 0], 0.25 * w[:, 1] + 0.75 * other[:, 1], w[:, 2]], dim=1)
    direction = np.linspace(-1, 1, 16, dtype=np.float32)
    w[:, 1:] += 2.0 * torch.from_numpy(unpacked(packed(direction)))
    move = Move(name="warmer", vector=packed(direction), amount=2.0, first=1)
    settings = DreamSettings(
        model=model, across=3.0, typical=0.7, other=5, mixture=Mixture(shares=(0.0, 0.75)), moves=Moves(along=(move,))
    )
    assert np.abs(to_8_bits(dreamt(settings).layer).astype(int) - pictured(w)).max() <= 1


def test_what_is_bent_is_another_picture_until_it_is_put_back(model):
    straight = DreamSettings(model=model)
    bends = Bends().bent(Bending(stage=1, turn=40.0)).bent(Bending(stage=0, gain=2.0))
    assert [bend.stage for bend in bends.stages] == [0, 1]
    bent = straight.model_copy(update={"bends": bends})
    assert np.abs(dreamt(bent).layer.astype(int) - dreamt(straight).layer).max() > 2000
    assert bends.bent(Bending(stage=1)).bent(Bending(stage=0)) == Bends()


def test_a_recipe_makes_everything_again_to_the_bit(model):
    vector = packed(np.ones(16, np.float32) / 3)
    settings = DreamSettings(
        model=model, across=0.3, down=-0.6, typical=0.8, other=4, mixture=Mixture(shares=(0.0, 0.0, 1.0)),
        moves=Moves(along=(Move(name="line", vector=vector, amount=-1.3),)),
        bends=Bends(stages=(Bending(stage=1, zoom=1.3, noise=0.2, seed=7),)),
    )  # fmt: skip
    made = dreamt(settings)
    assert made.recipe.settings["model"] == "faces.safetensors"
    recipe = made.recipe.model_copy(update={"settings": made.recipe.settings | {"model": model}})
    again = heard(catalog.start("dream", PictureRequest({}), ReplayControls(recipe)))[1]
    assert np.array_equal(again.layer, made.layer)


def test_sketches_are_what_the_pictures_will_be_whatever_stands_beside_them(model):
    plain = DreamSettings(model=model)
    bent = plain.model_copy(update={"bends": Bends(stages=(Bending(stage=2, gain=1.5),))})
    wanted = (plain, bent, plain.at(0.5, 0.5), plain.at_seed(12), bent.at_seed(12), plain.at_seed(13))
    _, sketches = heard(sketch(SketchesTask(wanted), Controls(plain)))
    for settings, small in zip(wanted, sketches, strict=True):
        assert np.abs(small.astype(int) - to_8_bits(dreamt(settings).layer)).max() <= 1


def test_two_generators_of_one_make_are_blended_and_others_refused(model, tmp_path):
    other = str(write_generator(tmp_path / "other.safetensors", seed=1))
    settings = DreamSettings(model=model, second=other, share=0.25)
    made = dreamt(settings)
    assert [record.name for record in made.recipe.weights] == ["faces.safetensors", "other.safetensors"]
    between = lively()
    for weight, (one, two) in zip(between.parameters(), zip(lively().parameters(), lively(seed=1).parameters())):  # noqa: B905
        weight.copy_(torch.lerp(one.half().float(), two.half().float(), 0.25))
    expected = to_picture(pictures_of(between, between.map(latents_of((0,), 8)))).astype(int)
    assert np.abs(to_8_bits(made.layer).astype(int) - expected).max() <= 2
    alone = dreamt(settings.model_copy(update={"share": 0.0})).layer
    assert np.array_equal(alone, dreamt(DreamSettings(model=model)).layer)
    stranger = str(write_generator(tmp_path / "lesson.safetensors", LESSONS))
    with pytest.raises(StudioError, match="same make"):
        dreamt(DreamSettings(model=model, second=stranger))


def test_what_is_of_another_generator_is_said(model):
    with pytest.raises(StudioError, match="held is of another"):
        dreamt(DreamSettings(model=model, held=Held(w=packed(np.zeros(5, np.float32)))))
    foreign = Move(name="warmer", vector=packed(np.zeros(5, np.float32)), amount=1.0)
    with pytest.raises(StudioError, match="“warmer” is of another"):
        dreamt(DreamSettings(model=model, moves=Moves(along=(foreign,))))
    with pytest.raises(StudioError, match="No generator"):
        dreamt(DreamSettings())
    with pytest.raises(ValueError, match="packed"):
        Held(w="?")


def test_the_lessons_generator_dreams_as_well(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_DEVICE", "cpu")
    path = str(write_generator(tmp_path / "lesson.safetensors", LESSONS))
    assert dreamt(DreamSettings(model=path, across=2.5)).layer.shape == (16, 16, 3)
    assert STYLED.size == 16
