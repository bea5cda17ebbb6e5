"""Which pictures are learnt from and which are kept for checking, where no folders say so."""

from collections import Counter
from collections.abc import Sequence

from studio.training.data.sampler import shuffled

__all__ = ["divided", "kept_of"]


def divided(
    labels: Sequence[int], share: float, seed: int, *, together: Sequence[Sequence[int]] = (), ask_every: bool = False
) -> tuple[list[int], list[int]]:
    """Choose which pictures are learnt from and which are kept for checking, class by class.

    Of every class the share is kept, rounded, but at least one picture is learnt from; with a share of 0 none is kept.
    The choice depends on the seed and the numbers of the pictures alone.

    Args:
        labels: the class of each picture.
        share: to keep, 0–1.
        seed: decides which.
        together: groups of pictures that stay on one side, by number: learnt from, where keeping them all would be
            more than a class's part.
        ask_every: keep one at least of every class of two pictures or more.

    Returns:
        The two lists, in the order of the pictures.

    """
    by_class: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        by_class.setdefault(label, []).append(index)
    room = {label: kept_of(len(indices), share, ask_every=ask_every) for label, indices in by_class.items()}
    group_of = {index: tuple(group) for group in together for index in group}
    kept: set[int] = set()
    for label, indices in by_class.items():
        for place in shuffled(len(indices), "kept", seed, label):
            index = indices[place]
            group = group_of.get(index, (index,))
            takes = Counter(labels[one] for one in group)
            if index not in kept and all(number <= room[one] for one, number in takes.items()):
                kept.update(group)
                for one, number in takes.items():
                    room[one] -= number
    return [index for index in range(len(labels)) if index not in kept], sorted(kept)


def kept_of(count: int, share: float, *, ask_every: bool) -> int:
    """Return how many of a class's pictures are kept for checking, at most."""
    least = 1 if ask_every and share > 0 else 0
    return max(0, min(max(least, round(share * count)), count - 1))
