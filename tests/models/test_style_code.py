"""Many answers from one picture: what hears a code, and what makes it listen."""

import pytest
import torch
from safetensors.torch import save_file
from translator_kit import lively

from models.style_code import StyleEncoder, code_of, divergence, drawn, latent_loss
from models.translation import TranslatorFacts, build, load_translator, to_file
from models.translation_strips import translate_in_strips

FACTS = TranslatorFacts("separable", {"width": 4, "blocks": 1, "code": 3}, size=32)


def in_strips(network, picture):
    job = translate_in_strips(network, picture)
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("network", ["separable", "resnet", "unet"])
def test_another_code_is_another_answer_and_none_is_the_middle(network):
    shape = {"width": 4, "depth": 3} if network == "unet" else {"width": 4, "blocks": 1}
    generator = lively(build(TranslatorFacts(network, {**shape, "code": 3})))
    picture = torch.rand(2, 3, 32, 32)
    one, other = (generator(picture, code_of(seed, 3)) for seed in (1, 2))
    assert (one - other).abs().mean() > 0.01
    assert torch.equal(generator(picture), generator(picture, torch.zeros(2, 3)))
    both = generator(picture, torch.cat([code_of(1, 3), code_of(2, 3)]))
    assert torch.allclose(both[0], one[0], atol=1e-5)  # each picture of a batch by its own
    assert torch.allclose(both[1], other[1], atol=1e-5)
    assert all(getattr(module, "code", None) is None for module in generator.modules())


def test_a_large_picture_is_painted_by_a_code_in_strips():
    generator, picture = lively(build(FACTS)), torch.rand(1, 3, 64, 40)
    wanted = generator(picture, code_of(4, 3))
    generator.say(code_of(4, 3))
    assert torch.equal(generator(picture), wanted)
    assert not torch.equal(generator(picture, code_of(5, 3)), wanted)
    assert torch.allclose(in_strips(generator, picture), wanted, atol=1 / 255)


def test_film_is_an_affine_function_of_the_code():
    layer = build(FACTS).get_submodule("body.0.first")
    layer.code = torch.tensor([[0.5, -1.0, 2.0]])
    x = torch.randn(1, layer.channels, 6, 6)
    told = layer.film.weight @ layer.code[0] + layer.film.bias
    factor, summand = told[: layer.channels, None, None], told[layer.channels :, None, None]
    normed = torch.nn.functional.instance_norm(x)
    assert torch.allclose(layer.finished(x), torch.relu(normed * (1 + factor) + summand), atol=1e-5)


def test_files_say_that_a_network_hears_codes(tmp_path):
    save_file(to_file({"ab": lively(build(FACTS))}), tmp_path / "coded.safetensors", FACTS.to_metadata())
    network, facts = load_translator(tmp_path / "coded.safetensors")
    assert (network.code_size, facts.shape["code"]) == (3, 3)
    with pytest.raises(ValueError, match="impossible length"):
        build(TranslatorFacts("separable", {"code": 9999}))


def test_the_encoder_learns_from_the_code_only_where_it_teaches():
    encoder, painted = StyleEncoder(3, width=4), torch.rand(2, 3, 32, 32, requires_grad=True)
    code = torch.randn(2, 3)
    for teaches in (False, True):
        encoder.zero_grad()
        loss = latent_loss(encoder, painted, code, teaches=teaches)
        assert loss.item() == pytest.approx((encoder(painted)[0] - code).abs().mean().item(), rel=1e-5)
        loss.backward()
        assert (encoder.mean.weight.grad is not None and bool(encoder.mean.weight.grad.any())) == teaches
    assert painted.grad.abs().max() > 0


def test_divergence_is_nothing_where_the_code_is_as_it_is_drawn():
    zeros = torch.zeros(2, 3)
    assert divergence(zeros, zeros) == 0
    mean, log_variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert divergence(mean, log_variance).item() == pytest.approx((1.0 + (torch.e - 2)) / 2)
    torch.manual_seed(0)
    many = drawn(torch.full((20_000, 1), 2.0), torch.full((20_000, 1), 0.5).log() * 2)
    assert (many.mean().item(), many.std().item()) == pytest.approx((2.0, 0.5), abs=0.02)
