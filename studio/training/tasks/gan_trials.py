"""How calm a critic shall be (γ), found by trying: what tells a few hundred steps of one γ from those of another.

A good picture is still far off then, and what is told is no more than this:

- Whether the contest goes on. With m = D(x) − D(G(z)) of a pair, the critic learns by σ(−m) and the generator by σ(m):
  the further apart their words, the less one of them learns. The generator's loss, softplus(m), tells m: see
  `MOST_AHEAD`. Likewise gradients that are no numbers, and pictures all alike.
- How near it has come to pictures that nobody has learnt from: KID of averaged weights, whose memory is a tenth of the
  steps so far (`ema_decay_at`).

Weights that begin at random have hardly left noise behind by then, and the courses of neighbouring γ lie close
together. So the middle one, about which published settings lie, stays unless another has come clearly nearer.
"""

import math
from collections.abc import Sequence

from studio.core.failures import StudioError
from studio.training.task import Trial

__all__ = ["CALM", "COLLAPSED", "MOST_AHEAD", "choose_calm"]

CALM = "Calm (γ)"
COLLAPSED = 0.03
"""So varied, as a share of the real pictures, are pictures that are all alike."""
MOST_AHEAD = 4.0
"""A margin at which one of the two learns at less than 2 % of what it could: σ(−4)."""
_AS_NEAR = 1.25
"""KIDs within so large a factor are not told apart so early."""


def choose_calm(tried: Sequence[Trial], *, pairs: bool) -> tuple[float, str]:
    """Return the γ to learn with, and why.

    Args:
        tried: rising, an odd number.
        pairs: whether critic and generator learn from pairs: only then their losses tell how far apart they are.

    Raises:
        StudioError: none of them will do.

    """
    wrong = {trial.value: _what_is_wrong(trial, pairs=pairs) for trial in tried}
    fit = [trial for trial in tried if not wrong[trial.value]]
    words = "; ".join(f"{trial.value:g} {wrong[trial.value] or _kid_in_words(trial)}" for trial in tried)
    if not fit:
        raise StudioError(
            f"No {CALM} that was tried will do: {words}.",
            "Learn more slowly (Pace, --learning-rate-factor 0.3), look for faulty pictures, or set it yourself "
            "(--gamma). A few hundred pictures learn better by the course “Few pictures”.",
        )
    measured = [trial for trial in fit if "kid" in trial.measured]
    if not measured:  # nothing was kept to compare with
        chosen = fit[len(fit) // 2]
        return chosen.value, f"{CALM} is {chosen.value:g}, the middle of what will do: {words}."
    best = min(trial.measured["kid"] for trial in measured)
    noise = max(trial.measured.get("kid_noise", 0.0) for trial in measured)
    near = [trial for trial in measured if trial.measured["kid"] <= max(_AS_NEAR * best, best + noise)]
    middle = tried[len(tried) // 2]
    chosen = middle if middle in near else min(near, key=lambda trial: trial.measured["kid"])
    why = "the nearest" if chosen.measured["kid"] == best else "as none is clearly nearer"
    return chosen.value, f"{CALM} is {chosen.value:g}, {why}: {words}."


def _what_is_wrong(trial: Trial, *, pairs: bool) -> str:
    """Say why a value will not do; "" where it may."""
    if trial.diverged:
        return "diverged"
    losses = {name: number for name, number in trial.numbers.items() if name.endswith(".loss")}
    if not all(math.isfinite(number) for number in (*losses.values(), *trial.measured.values())):
        return "made no pictures"
    if trial.measured.get("spread", 1.0) < COLLAPSED:
        return "made pictures that are all alike"
    loss = losses.get("generator.loss")
    if loss is None:  # it rests at first
        return ""
    if pairs and loss > _softplus(MOST_AHEAD):
        return "let the critic run away"
    if pairs and loss < _softplus(-MOST_AHEAD):
        return "let the generator run away"
    return ""


def _kid_in_words(trial: Trial) -> str:
    return f"came to a KID of {trial.measured['kid']:.3g}" if "kid" in trial.measured else "held"


def _softplus(x: float) -> float:
    return math.log1p(math.exp(x))
