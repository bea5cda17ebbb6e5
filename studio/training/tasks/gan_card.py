"""The card of a trained generator: what it is, what it learnt, how well it does."""

from collections.abc import Mapping, Sequence

from models.generator_files import GeneratorFacts
from models.mirror import different_pictures
from studio.training.task import Trial
from studio.training.tasks.card import facts_table
from studio.training.tasks.gan_settings import GanSettings

__all__ = ["gan_card"]

_NETWORKS = {
    "styled": "a mapping z → w, a scale and shift by w at every stage, residual grouped convolutions without norms "
    "(after R3GAN, Huang et al. 2024)",
    "dcgan": "that of fast.ai's lesson 12 (DCGAN, Radford et al. 2016)",
}
_LOSSES = {
    "relativistic": "relativistic pairs with R1 and R2, γ {gamma:g} falling to a tenth",
    "hinge": "hinge",
    "vanilla": "the classic one, that does not saturate",
    "wgan": "Wasserstein, the critic clamped to ±0.01",
    "wgan-gp": "Wasserstein with a gradient penalty, λ 10",
}
_CRITICS = {
    "residual": "built as the generator",
    "trained": "heads on atelier-slim's features, mixed at random (Sauer et al. 2021)",
    "dcgan": "the lesson's",
}


def gan_card(
    facts: GeneratorFacts, settings: GanSettings, *, pictures: int, kept: int, measured: Mapping[str, float],
    judged_as_taught: bool, tried: Sequence[Trial] = (),
) -> str:  # fmt: skip
    """Return markdown.

    Args:
        facts: what the file says.
        settings: of the run, as they were at its end.
        pictures: how many it learnt from.
        kept: how many it was compared with.
        measured: what the last check found, by name; may be empty.
        judged_as_taught: whether the critic saw through the very network that judges.
        tried: what came of the γ that were tried first.

    """
    rows = [
        ("network", f"{_NETWORKS[facts.network]}; half precision"),
        ("pictures", f"{facts.size} × {facts.size} px, out of {facts.shape['latent']} normal numbers"),
        ("learnt from", f"{pictures} pictures, {facts.steps:,} steps of {settings.batch}"),
        ("course", settings.course),
        ("loss", _LOSSES[settings.loss].format(gamma=settings.calm)),
        ("critic", _CRITICS[settings.critic]),
    ]
    if tried:
        each = ", ".join(f"{trial.value:g}: {_of_trial(trial)}" for trial in tried)
        rows.append(("γ that were tried first, and their KID", each))
    if measured:
        judged = f"{measured['kid']:.3f}; real against real {measured['kid_real']:.3f} ± {measured['kid_noise']:.3f}"
        rows.append((f"KID against {kept} pictures it did not learn from", f"{judged} (features z-scored)"))
        rows.append(("as varied as the real ones", f"{measured['spread']:.0%}"))
    if "recall" in measured:
        among = f"{measured['precision']:.0%} of its pictures lie among real ones"
        rows.append((
            "precision and recall (Kynkäänniemi et al. 2019)",
            f"{among}, {measured['recall']:.0%} of real ones among its own"
        ))  # fmt: skip
        rows.append(("nearer to a picture that it learnt from than 99 % of new ones are", f"{measured['copies']:.1%}"))
        known = different_pictures(kept, round(measured["twins"]))
        told = f", as if it knew about {known:,.0f} pictures" if measured["twins"] else ""
        rows.append((f"pairs of twins among {kept} (Arora & Zhang 2017)", f"{measured['twins']:.0f}{told}"))
    told = (
        "\nIts critic saw through the network that judges: the number flatters it; judge it through another one.\n"
        if measured and judged_as_taught
        else ""
    )
    return (
        "# A generator of pictures\n\nMakes pictures up, out of nothing but a seed.\n\n"
        f"{facts_table(rows)}\n{told}\n"
        "Whose the pictures it learnt from are decides who may use it; it may remember some of them.\n"
    )


def _of_trial(trial: Trial) -> str:
    if trial.diverged:
        return "diverged"
    return f"{trial.measured['kid']:.3g}" if "kid" in trial.measured else "not measured"
