"""Which pictures are versions of one painting: recipes tell, since whatever goes on from a picture writes down its way.

A continuation's record begins with that of the picture it went on from, up to a "branch" step. So two pictures are of
one painting where they were begun alike (task, pictures, settings) and steered alike for as long as both were on the
same way: up to the first branch or stop of either.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from studio.core.recipes import Recipe, SteeringStep

__all__ = ["Trunk", "in_stacks", "trunk_of"]

_NO_END = 2**31 - 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trunk:
    """The part of a picture's history that it shares with its continuations.

    Args:
        start: a checksum of what it began with.
        steps: what was done then, as (evaluation, checksum).
        end: the evaluation at which another way was taken, or the picture was stopped.

    """

    start: str
    steps: tuple[tuple[int, str], ...] = ()
    end: int = _NO_END

    def is_of_one_painting_with(self, other: "Trunk") -> bool:
        """Tell whether the two grew from one trunk."""
        end = min(self.end, other.end)
        return self.start == other.start and self._up_to(end) == other._up_to(end)

    def _up_to(self, end: int) -> tuple[tuple[int, str], ...]:
        return tuple(step for step in self.steps if step[0] < end)


def trunk_of(recipe: Recipe) -> Trunk:
    """Return the beginning of a picture's history."""
    inputs = [(record.role, record.sha256) for record in recipe.inputs]
    start = _checksum([recipe.task, recipe.initial or recipe.settings, inputs])
    steps: list[tuple[int, str]] = []
    for step in recipe.steering:
        if step.action in ("branch", "stop"):
            return Trunk(start, tuple(steps), step.at)
        steps.append((step.at, _checksum_of(step)))
    return Trunk(start, tuple(steps))


def in_stacks(trunks: Sequence[tuple[T, Trunk | None]]) -> tuple[tuple[T, ...], ...]:
    """Put versions of one painting together; what has no trunk stays alone. Stacks and versions keep their order."""
    stacks: list[list[T]] = []
    begun_alike: dict[str, list[tuple[Trunk, list[T]]]] = {}
    for thing, trunk in trunks:
        known = begun_alike.setdefault(trunk.start, []) if trunk is not None else []
        stack = next((stack for first, stack in known if trunk and first.is_of_one_painting_with(trunk)), None)
        if stack is None:
            stacks.append(stack := [])
            if trunk is not None:
                known.append((trunk, stack))
        stack.append(thing)
    return tuple(map(tuple, stacks))


def _checksum_of(step: SteeringStep) -> str:
    return _checksum([step.action, step.changes])


def _checksum(data: object) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:24]
