"""The card of a trained restorer: what it is, what it learnt, how well it does."""

from collections.abc import Mapping

from models.restoration import RestorerFacts
from studio.training.tasks.card import facts_table
from studio.training.tasks.restore_settings import PAIRS, RestorerSettings

__all__ = ["restore_card"]

_TITLES = {"enlarger": "Enlarges pictures {scale}-fold", "enhancer": "Mends pictures", "unet": "Mends pictures"}
_PAPERS = {
    "enlarger": "attention without parameters, after SPAN (Wan et al. 2024)",
    "enhancer": "a U-Net without activations, after NAFNet (Chen et al. 2022), without channel attention",
    "unet": "fast.ai's Dynamic U-Net with self-attention, weight norm, ICNR and blur",
}


def restore_card(
    facts: RestorerFacts, settings: RestorerSettings, *, photos: int, measured: Mapping[str, float]
) -> str:
    """Return markdown.

    Args:
        facts: what the file says.
        settings: of the run, as they were at its end.
        photos: how many it learnt from.
        measured: what the last check found, by name; may be empty.

    """
    given = f"damaged by the recipe “{facts.damage}”" if facts.damage else "reduced by bicubic interpolation"
    given = "pairs of its trainer's own" if facts.damage == PAIRS else given
    rows = [
        ("network", f"{_PAPERS[facts.network]}; half precision"),
        ("input", "N×3×H×W, sRGB, 0–1, any size; a strength from 0 to 1"),
        ("learnt from", f"{photos} photos, {facts.steps:,} steps of {settings.batch} squares of {settings.size} px, "
         f"{given}"),
    ]  # fmt: skip
    if facts.finish == "crisp":
        rows.append(
            ("finish", "crisp: its look is compared, too, so it draws what is likely; mixes with the faithful one")
        )
    if measured:
        words = "luma PSNR {psnr:.2f} dB ({gain:+.2f} over the bicubic enlargement or the input), SSIM {ssim:.3f}"
        rows.append(("on photos it did not learn from", words.format(**measured)))
    title = _TITLES[facts.network].format(scale=facts.scale)
    return f"# {title}\n\n{facts_table(rows)}\n\nWhose the photos are decides who may use it.\n"
