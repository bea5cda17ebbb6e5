"""L-BFGS under steering: torch's own steps when left alone, and never a step the artist would regret."""

import math

import pytest
import torch

from models.painting_init import without_checkerboard
from models.steered_lbfgs import Outcome, SteeredLBFGS


def bowl(seed=0, size=40):
    """A badly scaled smooth function with a quartic part."""
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(size, size, dtype=torch.float64, generator=generator)
    curvature = matrix @ matrix.T / size + torch.diag(torch.logspace(-2, 1, size, dtype=torch.float64))
    goal = torch.rand(size, dtype=torch.float64, generator=generator)

    def loss(x):
        away = x - goal
        return 0.5 * away @ curvature @ away + 0.1 * (away**4).sum()

    return loss, goal


def evaluate(loss, x):
    x = x.detach().requires_grad_()
    value = loss(x)
    (gradient,) = torch.autograd.grad(value, x)
    return float(value.detach()), gradient


def test_unsteered_it_takes_the_steps_of_torchs_lbfgs():
    loss, _ = bowl()
    start = torch.zeros(40, dtype=torch.float64)
    theirs = start.clone().requires_grad_()
    torchs = torch.optim.LBFGS([theirs], max_iter=1, history_size=7, tolerance_grad=0, tolerance_change=0)

    def closure():
        torchs.zero_grad()
        value = loss(theirs)
        value.backward()
        return value

    ours = SteeredLBFGS(start, history=7, bounds=None, handover=0, tolerance=math.inf)
    for _ in range(25):
        torchs.step(closure)
        ours.tell(*evaluate(loss, ours.trial))
        torch.testing.assert_close(ours.trial, theirs.detach(), rtol=1e-9, atol=1e-12)
    assert ours.loss < 1e-3 * float(loss(start))


def test_an_accepted_picture_is_never_much_worse_than_the_best_since_the_last_move():
    loss, goal = bowl(size=60)
    optimiser = SteeredLBFGS(torch.full((60,), 0.5, dtype=torch.float64), adam_rate=0.2)
    best = math.inf
    for step in range(80):
        if step in (20, 45):
            scale = 30.0 if step == 20 else 0.01
            old_loss, lower = loss, torch.arange(60) % 2 == 0

            def loss(x, old_loss=old_loss, scale=scale, lower=lower):
                return old_loss(x) + scale * ((x - 0.3)[lower] ** 2).sum()

            optimiser.steer(float(loss(optimiser.accepted)))
            best = optimiser.loss
        optimiser.tell(*evaluate(loss, optimiser.trial))
        assert float(loss(optimiser.accepted)) == pytest.approx(optimiser.loss)
        assert optimiser.loss <= 1.2 * best * (1 + 1e-9)
        best = min(best, optimiser.loss)
    assert best < float(loss(goal)) * 1.05


def test_after_a_move_old_curvature_is_forgotten():
    old, _ = bowl(seed=0)
    new, _ = bowl(seed=9)
    optimiser = SteeredLBFGS(torch.full((40,), 0.5, dtype=torch.float64))
    for _ in range(20):
        optimiser.tell(*evaluate(old, optimiser.trial))
    optimiser.steer(float(new(optimiser.accepted)))
    assert optimiser.trial is optimiser.accepted  # its step rested on the old curvature
    optimiser.tell(*evaluate(new, optimiser.trial))
    step = optimiser.trial - optimiser.accepted
    assert float(step.abs().max()) <= 0.02 + 1e-9  # Adam leads
    assert float(step @ evaluate(new, optimiser.accepted)[1]) < 0


def test_several_moves_before_an_evaluation_act_as_the_last():
    loss, _ = bowl()
    runs = []
    for moves in ([3.0], [None, 7.0, 3.0]):
        optimiser = SteeredLBFGS(torch.full((40,), 0.5, dtype=torch.float64))
        for step in range(12):
            if step == 3:  # while Adam leads: its trial is kept
                for move in moves:
                    optimiser.steer(move)
            optimiser.tell(*evaluate(loss, optimiser.trial))
        runs.append(optimiser.trial)
    assert torch.equal(*runs)


@pytest.mark.parametrize("poison", [math.nan, math.inf, 1e30])
def test_an_exploding_loss_rolls_back_and_halves_the_step(poison):
    loss, _ = bowl()
    optimiser = SteeredLBFGS(torch.full((40,), 0.5, dtype=torch.float64))
    for _ in range(9):
        optimiser.tell(*evaluate(loss, optimiser.trial))
    good, step = optimiser.accepted, optimiser.trial - optimiser.accepted
    assert optimiser.tell(poison, torch.full((40,), math.nan, dtype=torch.float64)) is Outcome.EXPLODED
    assert optimiser.accepted is good
    torch.testing.assert_close(optimiser.trial - good, 0.5 * step)
    before = optimiser.loss
    for _ in range(30):
        optimiser.tell(*evaluate(loss, optimiser.trial))
    assert optimiser.loss < before


def test_a_start_without_a_loss_is_no_picture_to_go_on_from():
    optimiser = SteeredLBFGS(torch.zeros(4))
    assert optimiser.tell(math.nan, torch.zeros(4)) is Outcome.EXPLODED
    assert optimiser.loss == math.inf


def test_it_gives_up_when_no_step_helps():
    optimiser = SteeredLBFGS(torch.full((4,), 0.5))
    optimiser.tell(1.0, torch.ones(4))
    while not optimiser.stuck:
        assert optimiser.tell(2.0, torch.ones(4)) is Outcome.REJECTED
    assert torch.equal(optimiser.accepted, torch.full((4,), 0.5))


def test_pictures_stay_within_bounds_and_pairs_are_of_the_steps_taken():
    optimiser = SteeredLBFGS(torch.full((30,), 0.5, dtype=torch.float64), adam_rate=0.3)
    goal = torch.linspace(-1.0, 2.0, 30, dtype=torch.float64)
    for _ in range(60):
        optimiser.tell(*evaluate(lambda x: ((x - goal) ** 2).sum(), optimiser.trial))
        assert 0.0 <= float(optimiser.trial.min()) <= float(optimiser.trial.max()) <= 1.0
    torch.testing.assert_close(optimiser.accepted, goal.clamp(0.0, 1.0), atol=1e-3, rtol=0)


def test_what_the_filter_removes_never_enters_the_picture():
    board = (torch.arange(16)[:, None] + torch.arange(16)) % 2
    start = torch.full((1, 1, 16, 16), 0.5, dtype=torch.float64)

    def loss(x):  # half of it asks for a checkerboard, half for a ramp
        ramp = torch.linspace(0.2, 0.8, 16, dtype=torch.float64)
        return ((x - board.to(x)) ** 2).sum() + ((x - ramp) ** 2).sum()

    smooth, plain = (SteeredLBFGS(start, smooth=smooth) for smooth in (without_checkerboard, None))
    for _ in range(30):
        for optimiser in (smooth, plain):
            optimiser.tell(*evaluate(loss, optimiser.trial))
    boards = [float((picture - 0.5).mul(2 * board - 1)[..., 2:-2, 2:-2].mean().abs())
              for picture in (smooth.accepted, plain.accepted)]  # fmt: skip
    assert boards[0] < 0.05 * boards[1]
    assert smooth.accepted[0, 0, 8, 12] - smooth.accepted[0, 0, 8, 3] > 0.1
