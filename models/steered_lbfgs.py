"""L-BFGS for a picture that is steered while it is optimised.

Unsteered it takes exactly the steps of `torch.optim.LBFGS` (Nocedal 1980; two-loop recursion of Nocedal & Wright 2006,
algorithm 7.4), but one loss evaluation at a time: `trial` is evaluated by the caller, who tells the outcome. So a job
can yield between evaluations, and only pictures whose loss is known are ever shown.

When the loss itself changes (a weight was moved), old curvature pairs are false and can throw the picture far off.
Then a few Adam steps follow the new gradient, and L-BFGS starts again with cleared pairs.

One gradient more, spent on a probe of the curvature (`equilibrate`), saves about a third of all that follow.
"""

import math
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

import torch
from torch import Tensor

from models.equilibration import Equilibration


class Outcome(Enum):
    """What became of a trial."""

    ACCEPTED = auto()
    REJECTED = auto()
    """The loss rose too far; the step was halved and is tried again from the last accepted picture."""
    EXPLODED = auto()
    """As REJECTED, because the loss or its gradient was not a number or rose beyond all measure."""
    PROBED = auto()
    """No trial: something was learnt of the curvature."""


class SteeredLBFGS:
    """Minimises a loss over one tensor, one evaluation at a time.

    Args:
        start: where to begin; evaluated first.
        history: number of curvature pairs kept.
        bounds: pixels are clamped to this range after every step; pairs are made of the steps really taken.
        handover: number of Adam steps (a warm-up) at the start and after `steer`.
        adam_rate: step of these, in pixel values.
        smooth: a symmetric, positive semidefinite filter that stands for the inverse Hessian before anything is known
            (instead of the identity): what it removes never enters the picture.
        tolerance: a trial is rejected when its loss exceeds this multiple of the lowest loss since the last `steer`.

    Attributes:
        accepted: the last picture whose loss is known and was not rejected.
        loss: its loss, under the newest weights.
        trial: the picture to evaluate next.

    """

    def __init__(
        self,
        start: Tensor,
        *,
        history: int = 15,
        bounds: tuple[float, float] | None = (0.0, 1.0),
        handover: int = 5,
        adam_rate: float = 0.02,
        tolerance: float = 1.2,
        smooth: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.accepted = start.detach().clone(memory_format=torch.contiguous_format)
        self.trial = self._next = self.accepted
        self.loss = math.inf
        self._bounds = bounds
        self._handover = handover
        self._rate = adam_rate
        self._tolerance = tolerance
        self._smooth = smooth
        self._prior = smooth
        self._pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=history)
        self._gradient: Tensor | None = None
        self._inverse_curvature = 1.0
        self._knows_curvature = False
        self._ceiling = math.inf
        self._adam: _Adam | None = None
        self._adam_left = handover
        self._shrink = 1.0
        self.rejections = 0

    @property
    def gradient(self) -> Tensor | None:
        """The gradient at `accepted`, where it is known under the newest weights."""
        return self._gradient

    def equilibrate(self, noise: Tensor, gradient: Tensor) -> None:
        """Learn from one gradient beside the accepted picture how stiff the loss is, and propose the next trial anew.

        From now on `Equilibration` stands for the inverse Hessian before anything else is known, and nobody need lead.

        Args:
            noise: what was added to `accepted`, whose own gradient is known.
            gradient: the gradient there.

        """
        assert self._gradient is not None
        if not _is_finite(gradient):
            return
        change = gradient - self._gradient  # H v, but for what is not quadratic
        prior = Equilibration.of(noise, change)
        curvature = abs(float((change * noise).sum()))  # |vᵀHv|
        scale = curvature / max(float((change * prior(change)).sum()), _TINY)  # γ, as in `_remember`
        if not (math.isfinite(scale) and scale > 0.0):
            return
        self._prior, self._inverse_curvature, self._knows_curvature = prior, scale, True
        self._adam, self._adam_left = None, 0
        self._propose()

    @property
    def stuck(self) -> bool:
        """True when even the smallest steps no longer help: this is as good as it gets."""
        return self.rejections >= 12

    def steer(self, loss: float | None) -> None:
        """The loss has changed: forget its curvature. Several calls before the next `tell` act as the last one.

        Args:
            loss: the accepted picture's loss under the new weights where it is known; otherwise the accepted picture is
                evaluated again first.

        """
        self._pairs.clear()
        self._gradient = None  # the old loss's: with the next one it would make a false pair
        self._adam_left = self._handover
        self._shrink = 1.0
        self.rejections = 0
        self.loss = math.inf if loss is None else loss
        self._ceiling = self.loss
        # an Adam step follows the slider well enough to be tried; an L-BFGS step rests on the old curvature
        self.trial = self.accepted if loss is None or self._adam is None else self._next

    def fork(self, start: Tensor) -> "SteeredLBFGS":
        """Return an optimiser that begins elsewhere, with the scale of the curvature learnt here."""
        other = SteeredLBFGS(
            start,
            history=self._pairs.maxlen or 1,
            bounds=self._bounds,
            handover=self._handover,
            adam_rate=self._rate,
            tolerance=self._tolerance,
            smooth=self._smooth,
        )
        other._prior = self._prior
        other._inverse_curvature = self._inverse_curvature
        other._knows_curvature = self._knows_curvature
        return other

    def tell(self, loss: float, gradient: Tensor) -> Outcome:
        """Say what the loss and its gradient are at `trial`, and choose the next trial."""
        if self.trial is self.accepted:
            if not (math.isfinite(loss) and _is_finite(gradient)):
                self.rejections += 1
                return Outcome.EXPLODED
            return self._accept(loss, gradient)
        broken = not math.isfinite(loss) or loss > 10.0 * self._ceiling + _TINY or not _is_finite(gradient)
        if broken or loss > self._tolerance * self._ceiling + _TINY:
            self._reject()
            return Outcome.EXPLODED if broken else Outcome.REJECTED
        return self._accept(loss, gradient)

    def _accept(self, loss: float, gradient: Tensor) -> Outcome:
        if self._gradient is not None and self.trial is not self.accepted:
            self._remember(self.trial - self.accepted, gradient - self._gradient)
        self.accepted = self.trial
        self.loss = loss
        self._ceiling = min(self._ceiling, loss)
        self._gradient = gradient.detach().clone()
        self.rejections = 0
        self._shrink = min(1.0, 2.0 * self._shrink)
        self._propose()
        return Outcome.ACCEPTED

    def _reject(self) -> None:
        self.rejections += 1
        self._shrink *= 0.5
        self._pairs.clear()
        self._step_to(0.5 * (self.trial - self.accepted))

    def _remember(self, step: Tensor, change: Tensor) -> None:
        """Keep a curvature pair (s, y); while Adam leads only its scale is learnt."""
        smoothed = self._estimated(change).flatten()  # B y, 1×3×H×W → 3HW
        step, change = step.flatten(), change.flatten()  # s = xₖ₊₁ - xₖ and y = gₖ₊₁ - gₖ, 3HW each
        curvature = float(change @ step)  # yᵀs = 1/ρ
        if curvature > 1e-10:  # torch's own bound: the Hessian must stay positive definite
            self._inverse_curvature = curvature / max(float(change @ smoothed), _TINY)  # γ = yᵀs / yᵀBy (eq. 7.20)
            self._knows_curvature = True
            if self._adam is None:
                self._pairs.append((step, change, 1.0 / curvature))

    def _propose(self) -> None:
        assert self._gradient is not None
        if self._adam_left > 0:
            self._adam_left -= 1
            self._adam = self._adam or _Adam(self._gradient)
            direction = self._adam.direction(self._gradient)
            smoothed = self._filtered(direction)
            length = float(direction.norm()) / max(float(smoothed.norm()), _TINY)  # a step that can be seen
            self._step_to(smoothed * (self._rate * self._shrink * length))
            return
        self._adam = None
        direction = self._two_loop(self._gradient.flatten().neg()).view_as(self._gradient)  # -H g, 3HW → 1×3×H×W
        rate = 1.0
        if not self._knows_curvature:
            rate = min(1.0, 1.0 / (float(self._gradient.abs().sum()) + _TINY))
        self._step_to(direction * (rate * self._shrink))

    def _two_loop(self, q: Tensor) -> Tensor:
        """Multiply q, the negative gradient of 3HW numbers, with the implicit inverse Hessian (algorithm 7.4)."""
        alphas = []
        for step, change, rho in reversed(self._pairs):
            alpha = float(step @ q) * rho  # αᵢ = ρᵢ sᵢᵀq
            q.add_(change, alpha=-alpha)  # q ← q - αᵢ yᵢ
            alphas.append(alpha)
        q = self._estimated(q.view_as(self.accepted)).flatten() * self._inverse_curvature  # r = H⁰q, H⁰ = γB
        for (step, change, rho), alpha in zip(self._pairs, reversed(alphas), strict=True):
            beta = float(change @ q) * rho  # β = ρᵢ yᵢᵀr
            q.add_(step, alpha=alpha - beta)  # r ← r + (αᵢ - β) sᵢ
        return q

    def _estimated(self, direction: Tensor) -> Tensor:
        return direction if self._prior is None else self._prior(direction)

    def _filtered(self, direction: Tensor) -> Tensor:
        return direction if self._smooth is None else self._smooth(direction)

    def _step_to(self, step: Tensor) -> None:
        trial = self.accepted + step
        self.trial = self._next = trial if self._bounds is None else trial.clamp_(*self._bounds)


class _Adam:
    """Adam's direction (Kingma & Ba 2015, algorithm 1), with a shorter memory: it only ever leads a few steps."""

    def __init__(self, like: Tensor, betas: tuple[float, float] = (0.9, 0.999)) -> None:
        self._mean = torch.zeros_like(like)
        self._square = torch.zeros_like(like)
        self._betas = betas
        self._count = 0

    def direction(self, gradient: Tensor) -> Tensor:
        self._count += 1
        first, second = self._betas
        self._mean.lerp_(gradient, 1.0 - first)  # m ← β₁m + (1 - β₁)g
        self._square.mul_(second).addcmul_(gradient, gradient, value=1.0 - second)  # v ← β₂v + (1 - β₂)g²
        scale = (self._square / (1.0 - second**self._count)).sqrt_().add_(_TINY)  # √v̂ + ε
        return (self._mean / (first**self._count - 1.0)).div_(scale)  # -m̂ / (√v̂ + ε)


_TINY = 1e-12


def _is_finite(gradient: Tensor) -> bool:
    return math.isfinite(float(gradient.norm()))
