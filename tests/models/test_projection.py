"""Looking for a picture in a latent space."""

import pytest
import torch
from generator_kit import GeneratorFacts, lively

from models.backbones import untrained_backbone
from models.latent import latents_of, pictures_of
from models.projection import ProjectionSettings, projecting

FACTS = GeneratorFacts("styled", {"widths": [16, 16, 16, 8], "latent": 8, "style": 16, "blocks": 1}, 32)


def project(generator, wanted, **settings):
    found = []
    steps = projecting(generator, untrained_backbone("slim"), wanted, ProjectionSettings(**settings))
    while True:
        try:
            found.append(next(steps))
        except StopIteration as end:
            return found, end.value


def test_what_the_generator_made_is_found_again():
    generator = lively(FACTS)
    wanted = pictures_of(generator, generator.map(latents_of([12345], 8)))
    found, best = project(generator, wanted, steps=40)
    assert len(found) == 40
    assert best.loss == min(one.loss for one in found) < 0.4 * found[0].loss
    others = pictures_of(generator, generator.map(latents_of(range(16), 8)))
    errors = (torch.cat([pictures_of(generator, best.w), others]) - wanted).square().mean((1, 2, 3))
    assert float(errors[0]) < 0.2 * float(errors[1:].mean())
    assert best.similarity == pytest.approx(1.0 - best.loss)


def test_the_more_typicality_counts_the_more_typical_is_what_is_found():
    generator = lively(FACTS)
    wanted = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    free, bound = (project(generator, wanted, steps=16, prior=prior)[1] for prior in (0.0, 100.0))
    assert bound.untypical < free.untypical
    assert bound.loss > free.loss


def test_what_lies_beyond_black_and_white_makes_nothing_more_alike():
    generator = lively(FACTS)
    generator.to_pixels.weight.mul_(30.0)  # all its pixels are far beyond
    wanted = torch.full((1, 3, 32, 32), 0.5)
    found, best = project(generator, wanted, steps=6)
    shown = pictures_of(generator, torch.cat([best.w, found[0].w]))
    errors = (shown - wanted).square().mean((1, 2, 3))
    assert best.similarity < 0.5  # it can hardly become greyer
    assert float(errors[0]) < 1.2 * float(errors[1])


def test_it_is_the_same_every_time():
    generator = lively(FACTS)
    wanted = pictures_of(generator, generator.map(latents_of([3], 8)))
    one, other = (project(generator, wanted, steps=4)[1] for _ in range(2))
    assert torch.equal(one.w, other.w)
