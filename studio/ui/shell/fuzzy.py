"""Finding names by a few of their letters."""

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["best_first", "likeness"]

T = TypeVar("T")


def likeness(typed: str, name: str) -> tuple[int, int] | None:
    """Return how well `name` answers to what was typed, smaller is better; None where it does not.

    From the best: it begins so; its words begin with what was typed, each with one of the words; it is somewhere in it;
    its letters come in this order, the nearer to each other the better. Case does not count.
    """
    wanted, there = typed.casefold().split(), name.casefold()
    whole = " ".join(wanted)
    if there.startswith(whole):
        return 0, len(there)
    words = there.replace("(", " ").replace("-", " ").split()
    if all(any(word.startswith(part) for word in words) for part in wanted):
        return 1, len(there)
    if all(part in there for part in wanted):
        return 2, there.index(wanted[0])
    return _spread("".join(wanted), there)


def _spread(letters: str, name: str) -> tuple[int, int] | None:
    """Return over how many letters of `name` these ones, in order, spread at least; the earlier, the better."""
    spreads = []
    for start, letter in enumerate(name):
        if letter != letters[0]:
            continue
        at = start
        for wanted in letters[1:]:
            at = name.find(wanted, at + 1)
            if at < 0:
                break
        else:
            spreads.append(1000 * (at - start) + start)
    return (3, min(spreads)) if spreads else None


def best_first(typed: str, things: Iterable[T], name: Callable[[T], str]) -> list[T]:
    """Return those things whose name answers to what was typed, the likeliest first; all, as they come, for ""."""
    if not typed.strip():
        return list(things)
    found = [(like, number, one) for number, one in enumerate(things) if (like := likeness(typed, name(one)))]
    return [one for _, _, one in sorted(found, key=lambda each: each[:2])]
