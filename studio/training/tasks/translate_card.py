"""The card of a trained pair of worlds: what it is, what it learnt, how well it does."""

from collections.abc import Mapping

from models.translation import TranslatorFacts
from studio.training.tasks.card import facts_table
from studio.training.tasks.translate_settings import TranslatorSettings

__all__ = ["translate_card"]

_PAPERS = {
    "fast": "CycleGAN (Zhu et al. 2017), small and quick", "cyclegan": "CycleGAN (Zhu et al. 2017)",
    "fastcut": "FastCUT (Park et al. 2020)", "cut": "CUT (Park et al. 2020)", "pix2pix": "pix2pix (Isola et al. 2017)",
}  # fmt: skip
_NETWORKS = {
    "separable": "separable residual blocks; maps are averaged and interpolated", "resnet": "the paper's ResNet",
    "unet": "the paper's U-Net",
}  # fmt: skip
_MEASURES = {
    "l1": "off the truth by {:.1f} levels of 255", "cycle_a": "A to B and back, off by {:.1f} levels",
    "cycle_b": "B to A and back, off by {:.1f} levels", "kid_b": "KID to B {:.3f}",
    "kid_real_b": "of real B among themselves {:.3f}", "kid_spread_b": "± {:.3f}", "kid_a": "KID to A {:.3f}",
    "kid_real_a": "of real A among themselves {:.3f}", "kid_spread_a": "± {:.3f}",
    "changed_b": "A changes by {:.0f} levels", "changed_a": "B changes by {:.0f} levels",
}  # fmt: skip

_TAUGHT = " Its critics saw through the same network: judge by another."


def translate_card(
    facts: TranslatorFacts, settings: TranslatorSettings, *, pictures: Mapping[str, int], measured: Mapping[str, float]
) -> str:
    """Return markdown.

    Args:
        facts: what the file says.
        settings: of the run, as they were at its end.
        pictures: how many it learnt from, by world.
        measured: what the last check found, by name; may be empty.

    """
    learnt = " and ".join(f"{count} of {world.upper()}" for world, count in pictures.items())
    rows = [
        ("A, B", f"{facts.a}, {facts.b}"),
        ("learns", " and ".join(" to ".join(way.upper()) for way in facts.ways)),
        ("recipe", _PAPERS[settings.course]),
        ("network", f"{_NETWORKS[facts.network]}, {facts.shape['width']} channels wide; half precision"),
        ("input", "N×3×H×W, sRGB, 0–1, any size"),
        ("learnt from", f"{learnt}; {facts.steps:,} steps of {settings.batch} squares of {settings.size} px"),
    ]
    if settings.code:
        rows.append(("many answers", f"experimental: a code of {settings.code} numbers chooses, --code SEED"))
    if measured:
        numbers = "; ".join(words.format(measured[name]) for name, words in _MEASURES.items() if name in measured)
        rows.append(("on pictures it did not learn from", numbers))
    return (
        f"# From {facts.a} to {facts.b}{' and back' if len(facts.ways) > 1 else ''}\n\n{facts_table(rows)}\n\n"
        "KID is measured on what atelier-slim sees in parts of the pictures, each channel in units of the real "
        f"pictures' deviation.{_TAUGHT if settings.critic == 'aided' else ''}\n\n"
        "Whose the pictures are decides who may use it.\n"
    )
