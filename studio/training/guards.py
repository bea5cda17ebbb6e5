"""What a gradient must not do to a network: the norm of each step's gradients says whether to take the step."""

import math
from collections import deque
from collections.abc import Mapping
from statistics import median
from typing import Any, Literal, TypeAlias

__all__ = ["GradientGuard", "LossScale", "Verdict"]

Verdict: TypeAlias = Literal["step", "overflow", "skip", "diverged", "added", "rest"]
"""Take it; leave it out, as fp16's range did not suffice; leave it out; go back, since it keeps happening. Two are no
judgement: the gradients were only added up, or the network does not learn in this phase."""


class GradientGuard:
    """Judges one network's steps by their gradient norm: one number a step, not a search for NaN in all weights.

    A norm that is not finite, or more than `explosion` times the median of the last `memory` ones, is skipped.
    `patience` skipped ones in a row mean that the network has diverged.

    Args:
        explosion: how many times the running median is too much.
        memory: over how many taken steps the median runs.
        least: so many steps are taken before the median says anything.
        patience: so many skipped steps in a row are a divergence.
        shortens: whether a norm that is only too long is taken, shortened to `limit`, and remembered as it was.

    """

    def __init__(
        self, *, explosion: float = 30.0, memory: int = 100, least: int = 20, patience: int = 8, shortens: bool = False
    ) -> None:
        self._explosion = explosion
        self._least = least
        self._patience = patience
        self._shortens = shortens
        self._norms: deque[float] = deque(maxlen=memory)
        self._streak = self._since = 0

    @property
    def streak(self) -> int:
        """How many steps in a row have been skipped."""
        return self._streak

    @property
    def since(self) -> int:
        """At which step of the run they began to be."""
        return self._since

    @property
    def limit(self) -> float:
        """The greatest norm that is taken now; infinite until enough is known."""
        return self._explosion * median(self._norms) if len(self._norms) >= self._least else math.inf

    def judge(self, norm: float, at: int = 0) -> Verdict:
        """Say what to do at step `at` about gradients of this norm (averaged over processes, before clipping)."""
        if math.isfinite(norm) and (self._shortens or norm <= self.limit):
            self._streak = 0
            if norm > 0:  # a network that learnt nothing says nothing about what is much
                self._norms.append(norm)
            return "step"
        self._since = self._since if self._streak else at
        self._streak += 1
        return "diverged" if self._streak >= self._patience else "skip"

    def reset(self) -> None:
        """Begin anew: another phase, other weights of the losses, another scale of gradients."""
        self._norms.clear()
        self._streak = 0

    def state_dict(self) -> dict[str, Any]:
        """Return what later judgements depend on."""
        return {"norms": list(self._norms), "streak": self._streak, "since": self._since}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was taken."""
        self._norms.clear()
        self._norms.extend(state["norms"])
        self._streak, self._since = int(state["streak"]), int(state.get("since", 0))


class LossScale:
    """Keeps fp16's small gradients from vanishing: the loss is multiplied by `scale`, the gradients divided again.

    Dynamic scaling as in Micikevicius et al. 2018 (section 3.2) with the constants of torch's GradScaler, but it looks
    at the norm that the guard needs anyway, instead of asking the device a second time.
    """

    def __init__(self, scale: float = 2.0**16, *, growth_interval: int = 2000) -> None:
        self.scale = scale
        self._growth_interval = growth_interval
        self._good = 0

    def overflowed(self, norm: float) -> bool:
        """Take note of a step's norm; True when the scale was too large: it is halved, and the step to be left out."""
        if math.isfinite(norm):
            self._good += 1
            if self._good == self._growth_interval:
                self.scale, self._good = self.scale * 2, 0
            return False
        self._good = 0
        if self.scale <= 1.0:  # not the scale's fault
            return False
        self.scale /= 2
        return True

    def state_dict(self) -> dict[str, Any]:
        """Return the scale and how long it has been good."""
        return {"scale": self.scale, "good": self._good}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was taken."""
        self.scale, self._good = float(state["scale"]), int(state["good"])
