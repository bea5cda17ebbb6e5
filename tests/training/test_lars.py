"""LARS by the paper's formula, and kept in checkpoints like any optimiser."""

import copy

import torch
from torch import nn
from training_kit import constant_schedule, new_run, numbers_of, toy_plan, train_to_end, weights_in

from studio.training.lars import LARS
from studio.training.schedule import Ramp


def test_each_tensor_s_rate_is_its_length_over_its_gradient_s() -> None:
    """You et al. 2017: λ = η‖w‖ / (‖g‖ + β‖w‖); v ← m v + γ λ (g + β w); w ← w − v; vectors: λ = 1, β = 0."""
    torch.manual_seed(0)
    matrix, vector = torch.randn(3, 4, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    weights = [nn.Parameter(matrix.clone()), nn.Parameter(vector.clone())]
    gamma, m, beta, eta = 2.0, 0.8, 0.01, 0.02
    optimiser = LARS(weights, lr=gamma, momentum=m, weight_decay=beta, trust=eta)
    v, u = torch.zeros_like(matrix), torch.zeros_like(vector)
    for _ in range(3):
        g, h = torch.randn_like(matrix), torch.randn_like(vector)
        weights[0].grad, weights[1].grad = g.clone(), h.clone()
        optimiser.step()
        rate = eta * matrix.norm() / (g.norm() + beta * matrix.norm())
        v = m * v + gamma * rate * (g + beta * matrix)
        u = m * u + gamma * h
        matrix, vector = matrix - v, vector - u
        torch.testing.assert_close(weights[0].data, matrix)
        torch.testing.assert_close(weights[1].data, vector)


def test_weights_that_are_zero_can_leave_it() -> None:
    weight = nn.Parameter(torch.zeros(2, 2))
    optimiser = LARS([weight], lr=0.1, momentum=0.0)
    weight.grad = torch.ones(2, 2)
    optimiser.step()
    torch.testing.assert_close(weight.data, torch.full((2, 2), -0.1))


def test_its_state_comes_back() -> None:
    def trained(steps: int, state: dict | None = None, weight: torch.Tensor | None = None) -> tuple[LARS, nn.Parameter]:
        one = nn.Parameter(torch.linspace(1, 2, 6).view(2, 3) if weight is None else weight.clone())
        optimiser = LARS([one], lr=1.0)
        if state is not None:
            optimiser.load_state_dict(copy.deepcopy(state))
        for _ in range(steps):
            one.grad = one.detach().sin()
            optimiser.step()
        return optimiser, one

    whole, first = trained(5), trained(2)
    assert torch.equal(trained(3, first[0].state_dict(), first[1].detach())[1], whole[1])


def test_a_run_goes_on_with_it_to_the_last_bit(tmp_path) -> None:
    plan = toy_plan(schedule=constant_schedule(8, optimiser="lars", momentum=Ramp.level(0.9), weight_decay=1e-3))
    whole, parts = (new_run(tmp_path / name, plan) for name in ("whole", "parts"))
    train_to_end(whole)
    parts.write_plan(plan.model_copy(update={"settings": {**plan.settings, "steps": 3}}))
    assert train_to_end(parts)[0].step == 3
    parts.write_plan(plan)
    assert train_to_end(parts)[0].step == 8
    assert numbers_of(parts)["loss"] == numbers_of(whole)["loss"]
    assert all(torch.equal(value, weights_in(parts)[name]) for name, value in weights_in(whole).items())
