"""The card of a trained colouriser: what it is, what it learnt, how well it does."""

from collections.abc import Mapping

from models.colouriser import ColouriserFacts
from studio.training.tasks.card import facts_table
from studio.training.tasks.colourise_settings import ColouriserSettings

__all__ = ["colouriser_card"]


def colouriser_card(
    facts: ColouriserFacts, settings: ColouriserSettings, *, photos: int, measured: Mapping[str, float]
) -> str:
    """Return markdown.

    Args:
        facts: what the file says.
        settings: of the run, as they were at its end.
        photos: how many it learnt from.
        measured: what the last check found, by name; may be empty.

    """
    rows = [
        ("network", "a U-Net on atelier-slim, with attention to hints; after Zhang et al. 2017; half precision"),
        ("input", "N×1×H×W, L of CIELAB; hints N×3×H/2×W/2: a, b and where"),
        ("output", "a and b at half the size; how likely each of 89 colours is, at an eighth"),
        ("learnt from", f"{photos} photos, {facts.steps:,} steps of {settings.batch} views of {settings.size} px"),
        ("hints in training", f"geometric, p = {settings.hints:g}; {settings.regions:.0%} tell a region's colour; in "
         f"{settings.repaint:.0%} of the pictures with hints regions got another colour first"),
    ]  # fmt: skip
    if measured:
        rows += [
            ("a and b on photos it did not learn from", "PSNR {psnr:.2f} dB without hints, {psnr_hints:.2f} dB with "
             "ten ({gain:+.2f})".format(**measured)),
            ("chroma without hints", "{vividness:.0%} of the photos' own".format(**measured)),
            ("one hint in a region", "removes {removed:.0%} of its colour error".format(**measured)),
        ]  # fmt: skip
    text = (
        "Colours that nobody told it are guesses, and guesses follow what it learnt from: it is wrong more often about "
        "whatever was rare there. Whose the photos are decides who may use it."
    )
    return f"# Colours photos\n\n{facts_table(rows)}\n\n{text}\n"
