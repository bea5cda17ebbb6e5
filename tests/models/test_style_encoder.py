"""An encoder's guesses: nearer than the mean, the same each time, kept with the generator's file."""

import pytest
import torch
from generator_kit import GeneratorFacts, lively, write_generator
from safetensors.torch import save_file

from models.backbones import untrained_backbone
from models.generator_files import load_encoder, load_generator, with_encoder
from models.latent import latents_of, mean_style, pictures_of
from models.projection import ProjectionSettings, projecting
from models.style_encoder import learning_encoder
from models.weight_files import WeightsError
from studio.core.events import finish

FACTS = GeneratorFacts("styled", {"widths": [16, 16, 8], "latent": 8, "style": 16, "blocks": 1}, 16)


@pytest.fixture(scope="module")
def generator():
    network = lively(FACTS)
    network.to_pixels.weight.mul_(0.3)  # its pictures are within bounds
    return network


@pytest.fixture(scope="module")
def encoder(generator):
    return finish(learning_encoder(generator, steps=100, width=8))


def unseen(generator):
    w = generator.map(latents_of(range(1000, 1032), generator.latent))
    return w, pictures_of(generator, w)


def test_its_guesses_are_nearer_than_the_mean_in_w_and_as_pictures(generator, encoder):
    w, pictures = unseen(generator)
    mean = mean_style(generator)
    guessed = encoder(pictures)
    assert float((guessed - w).square().mean()) < 0.5 * float((mean - w).square().mean())
    errors = [
        float((pictures_of(generator, point) - pictures).square().mean()) for point in (guessed, mean.expand_as(w))
    ]
    assert errors[0] < 0.5 * errors[1]


def test_it_learns_the_same_every_time_and_says_what_it_misses(generator):
    missed, learning = [], learning_encoder(generator, steps=3, width=4)
    try:
        while True:
            missed.append(next(learning))
    except StopIteration as end:
        one = end.value
    other = finish(learning_encoder(generator, steps=3, width=4))
    assert all(torch.equal(one.state_dict()[name], value) for name, value in other.state_dict().items())
    assert len(missed) == 3
    assert 0.5 < missed[0] < 1.5  # it begins knowing no more than the mean


def test_it_lies_in_the_generators_file_which_stays_a_generators(generator, encoder, tmp_path):
    plain = write_generator(tmp_path / "plain.safetensors", FACTS)
    assert load_encoder(plain, generator) is None
    save_file(*with_encoder(plain, encoder)[:1], tmp_path / "both.safetensors", with_encoder(plain, encoder)[1])
    found, facts = load_generator(tmp_path / "both.safetensors")
    assert facts == load_generator(plain)[1]
    kept = load_encoder(tmp_path / "both.safetensors", found)
    _, pictures = unseen(generator)
    torch.testing.assert_close(kept(pictures), encoder(pictures), atol=2e-2, rtol=2e-2)  # half precision
    with pytest.raises(WeightsError, match="does not fit"):
        load_encoder(tmp_path / "both.safetensors", lively(GeneratorFacts("styled", {**FACTS.shape, "style": 8}, 16)))


def test_looking_for_a_picture_begins_at_its_guess_where_that_is_nearer(generator, encoder):
    backbone, how = untrained_backbone("slim"), ProjectionSettings(steps=2)
    _, pictures = unseen(generator)
    guessed = []
    for picture in pictures[:4].split(1):
        with_it, without = (next(projecting(generator, backbone, picture, how, using)) for using in (encoder, None))
        assert with_it.loss <= without.loss
        if with_it.loss < without.loss:
            guessed.append(torch.allclose(with_it.w[:, 0], encoder(picture)))
    assert guessed.count(True) >= 3
    assert all(guessed)
