"""What a crisp finish begins with, and what comes of it: a network that can be mixed with the one that it was.

That is told by its header: it holds the checksum of the faithful network's file.
"""

from models.restoration import RestorerFacts
from models.weight_files import WeightsError
from studio.core.degrade_settings import PRESETS
from studio.core.failures import StudioError
from studio.core.trained_models import PARTNER, TrainedModel, TrainedModels
from studio.training.tasks.restore_settings import GRADED, RestorerSettings

__all__ = ["as_begun", "crisp_facts", "faithful_start"]


def faithful_start(settings: RestorerSettings) -> tuple[TrainedModel, RestorerFacts]:
    """Return the faithful network that a crisp one begins as.

    Raises:
        StudioError: none is named, or it is none that can be mixed with what comes of it.

    """
    if not settings.start:
        raise StudioError(
            "A crisp finish begins with a faithful network.", "Name one with Begin with (--start): a run or a file."
        )
    model = TrainedModels.standard("restorer").find(settings.start)
    try:
        facts = RestorerFacts.from_metadata(model.facts, model.path.name)
    except WeightsError as error:
        raise StudioError(str(error), "Begin with another network.") from error
    if facts.network == "unet":
        raise StudioError("A U-Net gets no crisp finish of this kind.", "Train it by the course with a critic instead.")
    return model, facts


def crisp_facts(model: TrainedModel, faithful: RestorerFacts, settings: RestorerSettings) -> RestorerFacts:
    """Return what the crisp partner of a network is: built alike, so that the two can be mixed, and named by it."""
    damage = settings.damage_name if settings.damage != "auto" else faithful.damage
    return RestorerFacts(
        faithful.network, faithful.shape, damage, "crisp", about={PARTNER: model.record().sha256}
    )  # fmt: skip


def as_begun(settings: RestorerSettings, facts: RestorerFacts) -> RestorerSettings:
    """Return settings that say of the network what is true of the one that a crisp finish begins with."""
    if settings.course != "crisp":
        return settings
    known = facts.damage if facts.damage in (GRADED, *PRESETS) else "" if facts.damage else "none"
    if settings.damage == "auto" and not known:
        raise StudioError(
            f"What it begins with mends “{facts.damage}”, a recipe that is not here.",
            "Say the damage: a preset, or --damage own with the recipe.",
        )
    changes = {"network": facts.network, "scale": str(facts.scale), "width": int(facts.shape.get("width", 0))}
    damage = {"damage": known} if settings.damage == "auto" else {}
    return settings.model_copy(update={**changes, **damage})
