"""The model card of a classifier: what it tells apart, what it learnt from, how well it does, what it mixes up."""

from collections.abc import Callable, Sequence

from studio.training.tasks.answers import Answers, accuracy_of, balanced_accuracy_of

__all__ = ["classifier_card", "named"]

_MOST_COLUMNS = 20
"""With more classes than this the table would be wider than a page; the most frequent confusions are listed instead."""
_LISTED = 10


def classifier_card(
    *,
    title: str,
    names: Sequence[str],
    taught: Sequence[int],
    answers: Answers | None,
    mistaken: Callable[[int], str],
    size: int,
    channels: int,
    weights: int,
) -> str:
    """Return the card as markdown.

    Args:
        title: the network's.
        names: of the classes.
        taught: how many pictures of each it learnt from.
        answers: what it said of the pictures kept for checking; None where none were.
        mistaken: the file's name of one of those.
        size: side of the pictures it was trained for, px.
        channels: 3 for colour, 1 for grey.
        weights: how many numbers it has.

    """
    colour = "colour" if channels == 3 else "grey"
    lines = [
        f"# {title}",
        "",
        f"A classifier with {weights:,} weights, trained with Atelier to tell {len(names)} classes apart in {colour} "
        f"pictures of {size}×{size} px.",
        _painting(channels),
        "",
    ]
    lines += _classes(names, taught, answers)
    if answers is None:
        return "\n".join([*lines, "", "No pictures were kept for checking: how well it does is not known.", ""])
    confusion = answers.confusion
    lines += [
        "",
        "## How well it does",
        "",
        f"On {int(confusion.sum())} pictures that it did not learn from: **{accuracy_of(confusion):.2%}** right, "
        f"{balanced_accuracy_of(confusion):.2%} as a mean over {_asked(names, confusion.sum(dim=1).tolist())}; "
        f"loss {answers.loss:.4f}.",
        "",
    ]
    lines += _table(names, confusion.tolist())
    lines += _worst(names, answers, mistaken)
    return "\n".join([*lines, ""])


def _painting(channels: int) -> str:
    if channels == 3:
        return "Imported in *Models*, it can also look at photos and paintings for the Style panel."
    return "It does not see colour, and so cannot serve the Style panel."


def _classes(names: Sequence[str], taught: Sequence[int], answers: Answers | None) -> list[str]:
    kept = answers.confusion.sum(dim=1).tolist() if answers is not None else [0] * len(names)
    rows = [f"| {_cell(name)} | {a} | {b} |" for name, a, b in zip(names, taught, kept, strict=True)]
    return ["| class | learnt from | kept for checking |", "|---|---|---|", *rows]


def _asked(names: Sequence[str], asked: Sequence[int]) -> str:
    """Say over which classes: those of which no picture was kept are none of them."""
    unasked = [_cell(name) for name, count in zip(names, asked, strict=True) if not count]
    if not unasked:
        return "the classes"
    count = len(names) - len(unasked)
    classes = "the only class" if count == 1 else f"the {count} classes"
    return f"{classes} of {len(names)} that it was asked for (never for {named(unasked)})"


def named(names: Sequence[str]) -> str:
    """Return a few names in quotes; of many the first ones, and how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(f"“{name}”" for name in names[:_LISTED]) + more


def _table(names: Sequence[str], confusion: list[list[int]]) -> list[str]:
    if len(names) > _MOST_COLUMNS:
        return _frequent(names, confusion)
    head = "| is ↓ · said → | " + " | ".join(_cell(name) for name in names) + " |"
    rows = [
        f"| {_cell(name)} | " + " | ".join(map(str, row)) + " |" for name, row in zip(names, confusion, strict=True)
    ]
    return [head, "|---" * (len(names) + 1) + "|", *rows]


def _frequent(names: Sequence[str], confusion: list[list[int]]) -> list[str]:
    """List what is confused most often."""
    confused = sorted(
        ((count, names[truth], names[said]) for truth, row in enumerate(confusion)
         for said, count in enumerate(row) if count and said != truth),
        key=lambda one: -one[0],
    )  # fmt: skip
    rows = [f"| {_cell(truth)} | {_cell(said)} | {count} |" for count, truth, said in confused[:_LISTED]]
    return ["Confused most often:", "", "| is | said | how often |", "|---|---|---|", *rows]


def _worst(names: Sequence[str], answers: Answers, mistaken: Callable[[int], str]) -> list[str]:
    worst = answers.worst(_LISTED)
    if not worst:
        return []
    lines = ["", "## Its worst mistakes", "", "| picture | is | said | how sure |", "|---|---|---|---|"]
    for index in worst:
        truth, said = names[int(answers.truths[index])], names[int(answers.said[index])]
        sureness = float(answers.probabilities[index].max())
        lines.append(f"| {_cell(mistaken(index))} | {_cell(truth)} | {_cell(said)} | {sureness:.0%} |")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
