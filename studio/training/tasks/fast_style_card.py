"""The card of a trained fast style: what it is, what it learnt, how well it does."""

from collections.abc import Mapping

from models.fast_style_files import FastStyleFacts
from studio.training.tasks.card import facts_table
from studio.training.tasks.fast_style_settings import FastStyleSettings

__all__ = ["fast_style_card"]


def fast_style_card(
    facts: FastStyleFacts, settings: FastStyleSettings, *, photos: int, measured: Mapping[str, float]
) -> str:
    """Return markdown.

    Args:
        facts: what the file says.
        settings: of the run, as they were at its end.
        photos: how many it learnt from.
        measured: what the last check found, by name; may be empty.

    """
    learnt = f"{photos} photos, {facts.steps:,} steps of {settings.batch} squares of {settings.size} px"
    if settings.plain:
        learnt += f"; {settings.plain:.0%} of them drawings, products on paper and logos made of the photos"
    weights = [f"style {settings.style_weight:g}", f"content {settings.content_weight:g}"]
    weights += [f"smoothness {settings.total_variation:g}"]
    weights += [f"no nets {settings.lattice:g}"] if settings.lattice else []
    rows = [
        ("painting", f"{facts.painting} (sha256 {facts.painting_sha256[:12]}…), seen at {settings.stroke_side} px"),
        ("network", f"{settings.width} width, {facts.blocks} residual blocks; half precision"),
        ("input", "N×3×H×W, sRGB, 0–1, any size; a strength from 0 to 1"),
        ("judged by", facts.backbone),
        ("learnt from", learnt),
        ("weights of the loss", ", ".join(weights)),
    ]
    if measured:
        numbers = ", ".join(f"{name} {value:.3f}" for name, value in measured.items())
        rows.append(("on photos it did not learn from", numbers))
    return (
        f"# A fast style after {facts.painting}\n\n"
        "Paints any photo in this painting's manner in a single pass: the network of Johnson, Alahi & Fei-Fei 2016 with"
        "\ninstance norm, resize-convolutions and a strength.\n\n"
        f"{facts_table(rows)}\n\n"
        "Losses are relative to their target's energy: 0 is reached, 1 is as far as an empty picture.\n\n"
        "Whose the painting and the photos are decides who may use it.\n"
    )
