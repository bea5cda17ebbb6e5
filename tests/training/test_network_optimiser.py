"""One network's step: parts add up to the batch, gradients are clipped, layers rest, optimisers live on."""

import copy
import math
from collections import OrderedDict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812
from training_kit import constant_schedule

from studio.core.failures import StudioError
from studio.training.network_optimiser import NetworkOptimiser, check_names, make_optimiser
from studio.training.schedule import Phase, Ramp, Schedule, StepConfig
from studio.training.task import OptimiserRule, groups_by_child

TORCHS_OWN = {
    "adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD, "rmsprop": torch.optim.RMSprop,
}  # fmt: skip


def phase(**facts) -> Phase:
    return Phase(duration=1, learning_rate=Ramp.level(0.1), **facts)


def config(phase: int = 0, step: int = 0, **facts) -> StepConfig:
    schedule = constant_schedule(10, **{"optimiser": "sgd", "momentum": Ramp.level(0.0), **facts})
    found = schedule.timeline(100, batch=4, size=16).at(step)
    return StepConfig(**{**{name: getattr(found, name) for name in StepConfig.__slots__}, "phase": phase})


def small_network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double()


def optimiser_of(network: nn.Module, **options) -> NetworkOptimiser:
    return NetworkOptimiser("network", groups_by_child(network), lambda parameters: None, **options)


def weights_of(network: nn.Module) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def loss_of(network: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return F.mse_loss(network(x), x[:, :2])


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 9), st.integers(1, 9))
def test_the_parts_of_a_step_add_up_to_its_batch(count, parts):
    x = torch.randn(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(count))
    whole, divided = small_network(), small_network()
    for network, number in ((whole, 1), (divided, min(parts, count))):
        optimiser = optimiser_of(network)
        optimiser.prepare(config(), 0.1)
        for part in x.tensor_split(number):
            optimiser.backward(loss_of(network, part), len(part) / count)
        optimiser.step()
    assert torch.allclose(weights_of(whole), weights_of(divided), atol=1e-12)


def test_a_step_is_the_optimisers_own_step():
    bare, led = small_network(), small_network()
    x = torch.ones(4, 3, dtype=torch.float64)
    optimiser = torch.optim.SGD(bare.parameters(), lr=0.1)
    loss_of(bare, x).backward()
    optimiser.step()
    optimiser = optimiser_of(led)
    optimiser.prepare(config(), 0.1)
    optimiser.backward(loss_of(led, x), 1.0)
    optimiser.step()
    assert torch.allclose(weights_of(bare), weights_of(led), rtol=1e-14)


@pytest.mark.parametrize("clip", [0.01, 0.5, 1e9, 0.0])
def test_gradients_longer_than_allowed_are_shortened_to_that(clip):
    network, x = small_network(), torch.ones(4, 3, dtype=torch.float64)
    before = weights_of(network)
    gradients = torch.autograd.grad(loss_of(network, x), list(network.parameters()))
    norm = math.sqrt(sum(gradient.square().sum().item() for gradient in gradients))
    optimiser = optimiser_of(network, clip_norm=clip)
    optimiser.prepare(config(), 1.0)
    optimiser.backward(loss_of(network, x), 1.0)
    assert optimiser.step().norm == pytest.approx(norm)  # as it was before
    length = (weights_of(network) - before).norm().item()
    assert length == pytest.approx(min(norm, clip) if clip else norm)


def test_a_step_whose_gradients_are_not_finite_changes_nothing():
    network = small_network()
    before = weights_of(network)
    optimiser = optimiser_of(network)
    optimiser.prepare(config(), 0.1)
    optimiser.backward(loss_of(network, torch.full((2, 3), math.inf, dtype=torch.float64)), 1.0)
    assert optimiser.step().verdict == "skip"
    assert torch.equal(weights_of(network), before)
    assert all(weight.grad is None for weight in network.parameters())


def test_scaled_losses_give_the_same_step():
    plain, scaled = small_network(), small_network()
    x = torch.ones(4, 3, dtype=torch.float64)
    norms = []
    for network, half in ((plain, False), (scaled, True)):
        optimiser = optimiser_of(network, half=half, clip_norm=0.2)
        optimiser.prepare(config(), 0.1)
        optimiser.backward(loss_of(network, x), 1.0)
        norms.append(optimiser.step().norm)
    assert norms[0] == pytest.approx(norms[1])
    assert torch.allclose(weights_of(plain), weights_of(scaled), atol=1e-12)


def test_an_overflow_of_scaled_losses_is_left_out_and_the_scale_halved():
    network = small_network().half()
    optimiser = optimiser_of(network, half=True)
    optimiser.prepare(config(), 0.1)
    optimiser.backward(loss_of(network, torch.full((2, 3), 10.0, dtype=torch.float16)), 1.0)
    assert optimiser.step().verdict == "overflow"
    assert optimiser.state_dict()["scale"]["scale"] == 2.0**15


def test_only_the_network_that_learns_gets_gradients():
    generator, critic = small_network(), nn.Linear(2, 1).double()
    optimiser = optimiser_of(generator)
    optimiser.prepare(config(), 0.1)
    optimiser.backward(critic(generator(torch.ones(2, 3, dtype=torch.float64))).mean(), 1.0)
    assert all(weight.grad is None for weight in critic.parameters())
    assert all(weight.grad is not None for weight in generator.parameters())


def test_resting_layers_keep_their_weights_and_learn_again_when_the_phase_is_over():
    network, x = small_network(), torch.ones(4, 3, dtype=torch.float64)
    optimiser = optimiser_of(network)
    first, last = network[0].weight.detach().clone(), network[2].weight.detach().clone()
    optimiser.prepare(config(frozen=("0",), weight_decay=0.1), 0.1)
    optimiser.backward(loss_of(network, x), 1.0)
    optimiser.step()
    assert torch.equal(network[0].weight, first)
    assert not torch.equal(network[2].weight, last)
    optimiser.prepare(config(phase=1), 0.1)
    optimiser.backward(loss_of(network, x), 1.0)
    optimiser.step()
    assert not torch.equal(network[0].weight, first)


def test_layers_that_are_not_there_cannot_rest():
    optimisers = [optimiser_of(small_network())]
    check_names(phase(frozen=("0", "network.2", "network")), optimisers)
    with pytest.raises(StudioError, match="body"):
        check_names(phase(frozen=("body",)), optimisers)


def test_layer_groups_learn_at_rates_in_geometric_order():
    network = nn.Sequential(*(nn.Linear(1, 1, bias=False) for _ in range(3)))
    for layer in network:
        nn.init.ones_(layer.weight)
    optimiser = optimiser_of(network)
    optimiser.prepare(config(layer_rates=(0.01, 1.0)), 0.5)
    for layer in network:
        layer.weight.grad = torch.ones(1, 1)
    optimiser.step()
    assert [layer.weight.item() for layer in network] == pytest.approx([1 - 0.005, 1 - 0.05, 1 - 0.5])


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_optimiser_follows_rate_momentum_and_decay(kind):
    network = small_network()
    made = make_optimiser(kind, groups_by_child(network))
    optimiser = optimiser_of(network)
    optimiser.prepare(config(optimiser=kind, momentum=Ramp.level(0.7), weight_decay=0.01), 0.25)
    table = optimiser.state_dict()["optimiser"]["param_groups"][0]
    assert (table["lr"], table["weight_decay"]) == (0.25, 0.01)
    assert (table["betas"][0] if "betas" in table else table["momentum"]) == 0.7
    assert {group["name"] for group in made.param_groups} == {"0", "2"}


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize(("start", "end"), [(0.0, 0.9), (0.9, 0.0)])
def test_momentum_may_begin_and_end_at_nothing(kind, start, end):
    network, x = small_network(), torch.ones(4, 3, dtype=torch.float64)
    phase = Phase(
        duration=4, unit="steps", optimiser=kind, learning_rate=Ramp.level(0.01),
        momentum=Ramp(start=start, end=end, decay="linear"),
    )  # fmt: skip
    timeline = Schedule(phases=(phase,)).timeline(10, batch=1, size=16)
    optimiser = optimiser_of(network)
    for step in range(4):
        optimiser.prepare(timeline.at(step), 0.01)
        optimiser.backward(loss_of(network, x), 1.0)
        assert optimiser.step().verdict == "step"


def test_rmsprop_without_momentum_is_its_formula():
    weight = nn.Parameter(torch.tensor([2.0]))
    optimiser = NetworkOptimiser("network", [("own", [weight])], lambda parameters: None)
    optimiser.prepare(config(optimiser="rmsprop"), 0.1)
    optimiser.backward(3 * weight.sum(), 1.0)
    optimiser.step()
    average = (1 - 0.99) * 3.0**2
    assert weight.item() == pytest.approx(2.0 - 0.1 * 3.0 / (math.sqrt(average) + 1e-8))


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd", "rmsprop"])
def test_some_of_a_groups_weights_may_learn_later_than_others(kind):
    network, x = small_network(), torch.ones(4, 3, dtype=torch.float64)
    optimiser = NetworkOptimiser("network", [("all", list(network.parameters()))], lambda parameters: None)
    optimiser.prepare(config(optimiser=kind, momentum=Ramp.level(0.9)), 0.1)
    optimiser.backward(network[0](x).square().mean(), 1.0)  # as a network that grows: its end is not in use yet
    optimiser.step()
    last = network[2].weight.detach().clone()
    optimiser.prepare(config(optimiser=kind, momentum=Ramp.level(0.9), step=1), 0.1)
    optimiser.backward(loss_of(network, x), 1.0)
    optimiser.step()
    assert not torch.equal(network[2].weight, last)


def test_a_new_phase_keeps_the_optimiser_of_its_kind_and_begins_another_afresh():
    network, x = small_network(), torch.ones(4, 3, dtype=torch.float64)
    optimiser = optimiser_of(network)

    def take(at: StepConfig) -> int:
        optimiser.prepare(at, 0.1)
        optimiser.backward(loss_of(network, x), 1.0)
        optimiser.step()
        state = optimiser.state_dict()["optimiser"]["state"]
        return int(state[0]["step"]) if state and "step" in state[0] else 0

    assert [take(config(optimiser="adam")) for _ in range(3)] == [1, 2, 3]
    assert take(config(phase=1, optimiser="adam")) == 4
    assert take(config(phase=2, optimiser="adamw")) == 1


def test_a_learner_goes_on_as_it_was_saved():
    schedule = Schedule(
        phases=tuple(Phase(duration=3, unit="steps", learning_rate=Ramp.level(0.1), frozen=f) for f in ((), ("0",)))
    )
    timeline = schedule.timeline(10, batch=1, size=16)
    x = torch.ones(4, 3, dtype=torch.float64)
    networks = [small_network(), small_network()]
    optimisers = [optimiser_of(network) for network in networks]
    for step in range(6):
        for network, optimiser in zip(networks, optimisers, strict=True):
            optimiser.prepare(timeline.at(step), 0.1)
            optimiser.backward(loss_of(network, x), 1.0)
            optimiser.step()
        fresh = optimiser_of(networks[1].requires_grad_(True))
        fresh.load_state_dict(optimisers[1].state_dict())
        optimisers[1] = fresh
    assert torch.equal(weights_of(networks[0]), weights_of(networks[1]))
    assert optimisers[0].state_dict()["guard"] == optimisers[1].state_dict()["guard"]


def test_a_rule_departs_from_the_schedule_for_its_network_alone():
    network = small_network()
    rule = OptimiserRule(rate=5.0, betas=(0.0, 0.9), layer_rates=False)
    for one, rates, betas in (
        (rule, [0.5, 0.5], (0.0, 0.9)),
        (OptimiserRule(betas=(None, 0.99)), [0.001, 0.1], (0.7, 0.99)),
        (OptimiserRule(betas=lambda config: (None, config.momentum / 2)), [0.001, 0.1], (0.7, 0.35)),
        (None, [0.001, 0.1], (0.7, 0.999)),
    ):
        optimiser = optimiser_of(network, rule=one)
        optimiser.prepare(config(optimiser="adam", momentum=Ramp.level(0.7), layer_rates=(0.01, 1.0)), 0.1)
        tables = optimiser.state_dict()["optimiser"]["param_groups"]
        assert [table["lr"] for table in tables] == pytest.approx([rates[0], rates[0], rates[1], rates[1]])
        assert {table["betas"] for table in tables} == {betas}


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd", "rmsprop"])
def test_weight_decay_can_leave_biases_and_norms_alone(kind):
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).double()
    bare = copy.deepcopy(network)
    plain = TORCHS_OWN[kind](
        [
            {"params": [bare[0].weight], "weight_decay": 0.1},
            {"params": [bare[0].bias, *bare[1].parameters()], "weight_decay": 0.0},
        ],
        lr=0.01,
    )
    optimiser = optimiser_of(network)
    optimiser.prepare(
        config(
            optimiser=kind, momentum=Ramp.level(0.9 if "adam" in kind else 0.0), weight_decay=0.1, decay_norms=False
        ),
        0.01,
    )
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    bare(x).pow(3).mean().backward()
    plain.step()
    optimiser.backward(network(x).pow(3).mean(), 1.0)
    optimiser.step()
    torch.testing.assert_close(weights_of(network), weights_of(bare), rtol=1e-12, atol=0)


def test_frozen_layers_can_leave_their_norms_learning():
    network = nn.Sequential(
        OrderedDict(body=nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), head=nn.Linear(4, 2))
    ).double()  # fmt: skip
    norms = list(network.body[1].parameters())
    optimiser = optimiser_of(network, norms=norms)
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def learnt(phase: int, **rests) -> set[str]:
        before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
        optimiser.prepare(config(phase=phase, **rests), 0.1)
        optimiser.backward(network(x).square().mean(), 1.0)
        assert optimiser.step().verdict == "step"
        return {name for name, weight in network.named_parameters() if not torch.equal(weight, before[name])}

    head = {"head.weight", "head.bias"}
    assert learnt(0, frozen=("body",)) == head
    assert learnt(1, frozen=("body",), train_norms=True) == head | {"body.1.weight", "body.1.bias"}
    assert learnt(2, frozen=("network",), train_norms=True) == {"body.1.weight", "body.1.bias"}
    assert "body.0.weight" in learnt(3)


@pytest.mark.parametrize("rests", [{"frozen": ("network",)}, {"trains": ("critic",)}])
def test_a_network_that_rests_keeps_its_optimiser_and_its_weights(rests):
    network, x = small_network(), torch.ones(4, 3, dtype=torch.float64)
    optimiser = optimiser_of(network)
    optimiser.prepare(config(optimiser="adam"), 0.1)
    optimiser.backward(loss_of(network, x), 1.0)
    optimiser.step()
    before, state = weights_of(network), copy.deepcopy(optimiser.state_dict()["optimiser"])
    optimiser.prepare(config(phase=1, optimiser="sgd", **rests), 0.1)
    assert not any(weight.requires_grad for weight in network.parameters())
    optimiser.backward(loss_of(network, x), 1.0)  # has no graph at all
    assert (update := optimiser.step()).verdict == "rest"
    assert update.norm == 0.0
    assert torch.equal(weights_of(network), before)
    assert str(optimiser.state_dict()["optimiser"]) == str(state)


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd", "rmsprop"])
def test_optimiser_states_of_version_0_1_go_on_as_they_were(kind):
    network, x = small_network(), torch.ones(4, 3, dtype=torch.float64)
    bare = copy.deepcopy(network)
    own = {"momentum": 0.9} if kind in ("sgd", "rmsprop") else {}
    groups = [
        {"params": list(layer.parameters()), "name": name} for name, layer in bare.named_children() if name != "1"
    ]
    plain = TORCHS_OWN[kind](groups, lr=0.01, weight_decay=0.0, **own)  # one parameter group for each layer group

    def step_plain() -> None:
        plain.zero_grad()
        loss_of(bare, x).backward()
        plain.step()

    step_plain()
    network.load_state_dict(bare.state_dict())
    optimiser = optimiser_of(network)
    guard = {"norms": [], "streak": 0}
    saved = copy.deepcopy({"kind": kind, "phase": 0, "optimiser": plain.state_dict(), "guard": guard, "scale": None})
    optimiser.load_state_dict(saved)
    for _ in range(3):
        step_plain()
        optimiser.prepare(config(optimiser=kind, momentum=Ramp.level(0.9)), 0.01)
        optimiser.backward(loss_of(network, x), 1.0)
        optimiser.step()
    torch.testing.assert_close(weights_of(network), weights_of(bare), rtol=1e-12, atol=0)
    with pytest.raises(ValueError, match="not those of the checkpoint"):
        optimiser_of(nn.Linear(3, 2)).load_state_dict(saved)


@pytest.mark.parametrize("contends", [True, False])
def test_a_far_too_long_gradient_is_shortened_where_networks_contend_and_left_out_elsewhere(contends):
    network = small_network()
    optimiser = optimiser_of(network, rule=OptimiserRule(contends=contends))
    x = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for _ in range(25):
        optimiser.prepare(config(), 1e-6)
        optimiser.backward(loss_of(network, x), 1.0)
        optimiser.step()
    before, limit = weights_of(network), optimiser.guard.limit
    optimiser.prepare(config(), 0.1)
    optimiser.backward(1e6 * loss_of(network, x), 1.0)
    update = optimiser.step()

    assert update.norm > limit
    assert update.verdict == ("step" if contends else "skip")
    moved = float((weights_of(network) - before).norm())
    assert moved == pytest.approx(0.1 * limit if contends else 0.0)
