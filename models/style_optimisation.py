"""A painting being optimised at one size: the loss, the optimiser, and what a moved weight means to both."""

from collections.abc import Callable

from torch import Tensor

from models.equilibration import probe
from models.painting_init import without_checkerboard
from models.steered_lbfgs import Outcome, SteeredLBFGS
from models.style_transfer import Evaluation, LossPass, LossWeights, StyleObjective


class StyleOptimisation:
    """Minimises a `StyleObjective`, one evaluation at a time, while its weights move.

    One evaluation is `forward` and then `backward`; between the two a job may yield. An evaluation given up in the
    middle leaves no trace.

    Args:
        objective: the loss at this size.
        start: 1×3×H×W, 0–1; evaluated first.
        weights: the weights to start with.
        equilibrates: spend the second evaluation on a probe of the curvature; version 0.1 let Adam lead instead.

    """

    def __init__(
        self, objective: StyleObjective, start: Tensor, weights: LossWeights, *, equilibrates: bool = False
    ) -> None:
        self.objective = objective
        self.weights = weights
        self.evaluation: Evaluation | None = None
        self._optimiser = SteeredLBFGS(start, smooth=without_checkerboard)
        self._pass: LossPass | None = None
        self._owes_probe = equilibrates
        self._noise: Tensor | None = None

    @property
    def painting(self) -> Tensor:
        """The newest picture whose loss is known and acceptable."""
        return self._optimiser.accepted

    @property
    def loss(self) -> float:
        """Loss of `painting` under the newest weights; infinite where that is not known yet."""
        return self._optimiser.loss

    @property
    def stuck(self) -> bool:
        """True when no step helps any more."""
        return self._optimiser.stuck

    def steer(self, weights: LossWeights) -> float:
        """Take over moved weights; the painting stays where it is.

        Returns:
            By what factor this changed the loss of the painting (1.0 where that is not known).

        """
        self.weights = weights
        known = self.known_loss(weights)
        self._optimiser.steer(known)
        if known is None or self.evaluation is None:
            return 1.0
        return known / max(self.evaluation.loss, 1e-12)

    def look(self, interrupt: Callable[[], None] | None = None) -> float:
        """Return the loss of `painting` under the newest weights, asking the network only where it must."""
        known = self.known_loss(self.weights)
        return self.objective.look(self.painting, self.weights, interrupt).loss if known is None else known

    def known_loss(self, weights: LossWeights) -> float | None:
        """Return the loss of `painting` under other weights, where no network is needed for it."""
        if self.evaluation is None:
            return None
        return self.objective.reweigh(self.evaluation, self.painting, weights)

    def forward(self, interrupt: Callable[[], None] | None = None) -> None:
        """Make the first half of an evaluation; `interrupt` may raise to give it up, in either half."""
        probes = self._owes_probe and self._optimiser.gradient is not None
        self._noise = probe(self.painting) if probes else None
        picture = self._optimiser.trial if self._noise is None else self.painting + self._noise
        self._pass = self.objective.begin(picture, self.weights, interrupt)

    def backward(self) -> Outcome:
        """Make the second half, and choose what to try next."""
        assert self._pass is not None, "forward comes first"
        evaluated, self._pass = self._pass, None
        gradient = evaluated.backward()
        if self._noise is not None:
            self._owes_probe = False
            self._optimiser.equilibrate(self._noise, gradient)
            return Outcome.PROBED
        outcome = self._optimiser.tell(evaluated.evaluation.loss, gradient)
        if outcome is Outcome.ACCEPTED:
            self.evaluation = evaluated.evaluation
        return outcome

    def fork(self, start: Tensor) -> "StyleOptimisation":
        """Return another optimisation of the same loss that begins elsewhere and knows this one's curvature."""
        other = StyleOptimisation(self.objective, start, self.weights)
        other._optimiser = self._optimiser.fork(start)
        return other
