"""Every kind of work on pictures there is: one entry each, from which panel, command, replay and recall are made.

Free even of pydantic, so that `atelier --help` answers at once.
"""

from studio.core.picture_task import CONTENT, HERE, HINTS, HOLE, MASK, InputSlot, PictureTask
from studio.core.samples import sample_paintings, sample_photos

__all__ = ["ADJUST", "DEGRADE", "DREAM", "PICTURE_TASKS", "RESTORE", "STYLIZE", "TRANSLATE", "picture_task_named"]

STYLIZE = PictureTask(
    name="stylize",
    title="Style",
    verb="Paint",
    icon="style",
    tooltip="Paint a photo in the manner of paintings",
    settings_at="studio.core.style_settings:StyleSettings",
    job="studio.jobs.style.stylize:stylize",
    inputs=(
        InputSlot(CONTENT, "Photo", "the photo", samples=sample_photos),
        # none for a fast style, which knows its painting, and for a reconstruction of the photo alone
        InputSlot("style", "Painting", "the painting, or several to mix", least=0, most=4, samples=sample_paintings),
    ),
    products=frozenset({"backbone", "fast_style"}),
    previews=True,
    done="painted",
    command="studio.command_line.stylize:StylizeCommand",
)

ADJUST = PictureTask(
    name="adjust",
    title="Adjust",
    verb="Adjust",
    icon="tune",
    tooltip="Crop, straighten and correct a photo",
    settings_at="studio.core.adjust_settings:AdjustSettings",
    job="studio.jobs.adjust:adjust",
    inputs=(InputSlot(CONTENT, "Photo", "the photo", samples=sample_photos),),
    at_once=True,
    done="adjusted",
)

RESTORE = PictureTask(
    name="restore",
    title="Restore",
    verb="Restore",
    icon="restore",
    tooltip="Mend a damaged photo, or enlarge it",
    settings_at="studio.core.restore_settings:RestoreSettings",
    job="studio.jobs.restore.restore:restore",
    inputs=(
        InputSlot(CONTENT, "Photo", "the photo", samples=sample_photos),
        InputSlot(MASK, "Protected places", "a picture that is white where the photo stays as it is", least=0),
        InputSlot(HOLE, "Hole", "a picture that is white where something is to be filled", least=0),
        InputSlot(HERE, "Restore here", "a picture that is white where alone the photo is restored", least=0),
        InputSlot(HINTS, "Colour hints", "a picture with colours where they are known, transparent elsewhere", least=0),
    ),
    products=frozenset({"restorer", "inpainter", "scratch_detector", "colouriser"}),
    done="restored",
    command="studio.command_line.restore:RestoreCommand",
)

DEGRADE = PictureTask(
    name="degrade",
    title="Degrade",
    verb="Degrade",
    icon="degrade",
    tooltip="Damage photos on purpose, to learn their repair",
    settings_at="studio.core.degrade_settings:DegradeSettings",
    job="studio.jobs.degrade:degrade",
    inputs=(
        InputSlot(CONTENT, "Photo", "the photo", samples=sample_photos),
        InputSlot(HERE, "Damage here", "a picture that is white where alone the photo is damaged", least=0),
    ),
    at_once=True,
    done="degraded",
    pairs=True,
    command="studio.command_line.degrade:DegradeCommand",
)

TRANSLATE = PictureTask(
    name="translate",
    title="Translate",
    verb="Translate",
    icon="translate",
    tooltip="Turn a picture of one world into one of another, by a pair you have trained",
    settings_at="studio.core.translate_settings:TranslateSettings",
    job="studio.jobs.translate.translate:translate",
    inputs=(InputSlot(CONTENT, "Picture", "the picture", samples=sample_photos),),
    products=frozenset({"translator"}),
    done="translated",
    in_window=False,
    command="studio.command_line.translate:TranslateCommand",
)

DREAM = PictureTask(
    name="dream",
    title="Dream",
    verb="Dream",
    icon="dream",
    tooltip="Make pictures up with a generator, and walk through what it knows",
    settings_at="studio.core.dream_settings:DreamSettings",
    job="studio.jobs.dream_picture:dream",
    inputs=(),
    products=frozenset({"generator"}),
    at_once=True,
    done="dreamt",
    command="studio.command_line.dream_picture:DreamCommand",
)

PICTURE_TASKS: tuple[PictureTask, ...] = (STYLIZE, ADJUST, RESTORE, TRANSLATE, DEGRADE, DREAM)


def picture_task_named(name: str) -> PictureTask | None:
    """Return the task that recipes call `name`; None where this version has none of that name."""
    return next((task for task in PICTURE_TASKS if task.name == name), None)
