"""The Degrade panel, the degradation desk: what is to happen to photos, tried on one of one's own."""

from studio.core.controls import Controls
from studio.core.degrade_settings import PRESETS, DegradationRecipe, DegradeSettings
from studio.core.picture_tasks import DEGRADE
from studio.jobs.degrade import like_scan
from studio.ui.panels.degrade.column import DegradeColumn
from studio.ui.picture.open_dialog import choose_pictures
from studio.ui.picture.panel import PanelContext, PicturePanel

__all__ = ["DegradePanel"]

_MOST = 2**31 - 1


class DegradePanel(PicturePanel):
    """Connects the stack with the settings: a move of the hand is a step of undo, and the picture follows.

    Args:
        context: what it shares with other panels.

    """

    task = DEGRADE
    result_title = "Degraded"
    column: DegradeColumn

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        state, stack = self.session.settings_state, self.column.stack
        stack.gesture_started.connect(state.begin)
        stack.gesture_finished.connect(state.commit)
        stack.recipe_changed.connect(lambda recipe: self.session.change(recipe=recipe))
        self.column.preset_chosen.connect(lambda name: self.session.change(recipe=PRESETS[name]))
        self.column.dice_thrown.connect(self._throw)
        self.column.scan_button.clicked.connect(self._choose_scan)
        self.session.frame_composed.connect(lambda _: self._show_happened())

    def make_column(self) -> DegradeColumn:
        """Return the controls beside the canvas."""
        return DegradeColumn(self.context.theme)

    def _choose_scan(self) -> None:
        context = self.context
        chosen = choose_pictures(
            self, "Make It Look Like This Scan", self.last_folder(), context.pictures, context.theme, several=False
        )
        for scan in chosen:
            handle = context.pictures.live("degrade.scan", like_scan, scan, Controls(self.session.settings))
            handle.finished.connect(lambda recipe: self.session.change(recipe=recipe))
            handle.failed.connect(self.report)

    def _throw(self) -> None:
        settings: DegradeSettings = self.session.settings
        self.session.change(seed=settings.seed % _MOST + 1)

    def _show_happened(self) -> None:
        """Mark what chance passed over, while the shown picture was made by the shown recipe."""
        made = self.session.recipe
        current: DegradationRecipe = self.session.settings.recipe
        known = made is not None and DegradeSettings.model_validate(made.settings).recipe == current
        self.column.stack.show_happened({int(each["step"]) for each in made.drawn} if made and known else None)
