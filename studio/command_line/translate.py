"""`atelier translate`: what translating asks and checks beyond every other picture task."""

from studio.command_line.flags import CommandParser
from studio.command_line.picture import Files, PictureCommand
from studio.core.failures import StudioError
from studio.core.trained_models import TrainedModels
from studio.core.translate_settings import TranslateSettings

__all__ = ["TranslateCommand"]


class TranslateCommand(PictureCommand):
    """Asks for a pair of worlds before anything is opened."""

    summary = (
        "Turn pictures of one world into pictures of another, by a pair that was trained (atelier train cyclegan), or\n"
        "by a generator of CycleGAN's or pix2pix's authors. The recipe goes into the file: see atelier replay."
    )
    usage = "IMAGE -o OUT --model NAME|FILE|RUN [--direction AtoB|BtoA] [SETTING …]"
    usage_of_batch = "IMAGE|DIR … -o DIR --model NAME|FILE|RUN [--direction AtoB|BtoA] [SETTING …]"

    def check(self, settings: TranslateSettings, files: Files, parser: CommandParser) -> None:  # noqa: D102
        if not settings.model:
            parser.error("the following arguments are required: --model")
        try:
            TrainedModels.standard("translator").find(settings.model)
        except StudioError as error:
            parser.error(f"argument --model: {error}")
