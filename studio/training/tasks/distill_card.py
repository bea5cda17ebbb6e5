"""The card of a distilled network: who taught it, what it learnt, how well it does."""

from collections.abc import Mapping, Sequence

from models.teachers import Lesson
from studio.core.recipes import name_in_recipes
from studio.training.tasks.card import facts_table
from studio.training.tasks.distill_settings import DistillSettings

__all__ = ["distill_card"]


def distill_card(
    taught_by: Mapping[str, str], lessons: Sequence[Lesson], settings: DistillSettings, *, pictures: int, steps: int,
    kept: int, measured: Mapping[str, float],
) -> str:  # fmt: skip
    """Return markdown.

    Args:
        taught_by: the teachers' checksums, by name.
        lessons: theirs.
        settings: of the run, as they were at its end.
        pictures: how many it learnt from.
        steps: how often.
        kept: on how many pictures it was measured.
        measured: what the last check found, by name; may be empty.

    """
    rows = [
        *(("taught by", f"{name} (sha256 {sha256})") for name, sha256 in taught_by.items()),
        ("began with", name_in_recipes(settings.start) or "a least-squares fit to the teachers"),
        ("learnt from", f"{pictures:,} pictures, {steps:,} steps of {settings.batch} crops of {settings.size} px and "
         f"{settings.painted} in the making"),
        ("weights of the loss", f"features 1, Gram matrices {settings.gram_weight:g}, gradients "
         f"{settings.gradient_weight:g}"),
    ]  # fmt: skip
    lines = ["# A slim network", "", facts_table(rows)]
    if measured:
        lines += [
            "",
            f"Squared errors on {kept} pictures that it did not learn from; 0 is the teacher itself, 1 knows nothing:",
            "",
            "| teacher's layer | tap | features | Gram matrices | style gradients |",
            "|---|---|---|---|---|",
        ]
        for lesson in lessons:
            found = (measured.get(f"{what} {lesson.layer}") for what in ("features", "grams", "gradients"))
            cells = " | ".join("" if error is None else f"{error:.3f}" for error in found)
            lines.append(f"| {lesson.layer} | {lesson.tap} | {cells} |")
    return "\n".join([*lines, "", "Whose the teachers and the pictures are decides who may use it.", ""])
