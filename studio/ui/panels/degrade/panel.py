"""The Degrade panel, the degradation desk: what is to happen to photos, tried on one of one's own."""

from collections.abc import Sequence

from PySide6.QtGui import QShowEvent

from studio.core.controls import Controls
from studio.core.degrade_settings import PRESETS, DegradationRecipe, DegradeSettings
from studio.core.picture_tasks import DEGRADE
from studio.core.restore_settings import RestoreSettings
from studio.engine import JobHandle
from studio.jobs.degrade import like_scan
from studio.jobs.restore.choices import COMING_ALONG, RestorerChoice, RestorersTask, list_restorers
from studio.jobs.restore.trial import Mended, MendTask
from studio.ui.panels.degrade.column import DegradeColumn
from studio.ui.picture.context import PanelContext
from studio.ui.picture.open_dialog import choose_pictures
from studio.ui.picture.panel import PicturePanel

__all__ = ["DegradePanel"]

_MOST = 2**31 - 1
_MENDED = "mended"


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
        self._scales: dict[str, int] = {}
        self._trial: JobHandle | None = None
        self.column.mended_by.value_changed.connect(lambda _: self._mend())
        self.session.frame_composed.connect(lambda _: self._mend())

    def make_column(self) -> DegradeColumn:
        """Return the controls beside the canvas."""
        return DegradeColumn(self.context.theme)

    # -- what a restorer makes of it ---------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.refresh_models()

    def refresh_models(self) -> None:
        """Offer the restorers that are on this computer now, those that are still learning too."""
        task = RestorersTask(used=self.column.mended_by.value)
        handle = self.context.pictures.live("degrade.restorers", list_restorers, task)
        handle.finished.connect(self._offer)
        handle.failed.connect(self.report)

    def _offer(self, found: Sequence[RestorerChoice]) -> None:
        self._scales = {one.name: one.scale for one in found}
        words = {one.name: one.title if one.name in COMING_ALONG else one.words for one in found}
        self.column.mended_by.set_choices(words)

    def _mend(self) -> None:
        """Have the chosen restorer mend what is shown; what was begun for an earlier damage is let go."""
        if self._trial is not None:
            self._trial.drop()
            self._trial = None
        session, model = self.session, self.column.mended_by.value
        if model not in self._scales or session.photo is None or session.layer is None:
            self._show_mended(None)
            return
        scale = self._scales[model]
        does = {"mode": "enlarge", "scale": str(scale)} if scale > 1 else {"mode": "enhance"}
        settings = RestoreSettings().model_copy(update={**does, "model": model})
        task = MendTask(session.photo.picture.pixels, session.layer)
        self._trial = self.context.studio.live("degrade.mend", "mend_damage", task, Controls(settings))
        self._trial.finished.connect(self._show_mended)
        self._trial.failed.connect(self.report)

    def _show_mended(self, found: Mended | None) -> None:
        """Show damage and repair side by side; without a repair, the photo and the damage."""
        canvas = self.canvas
        if found is None:
            canvas.compare("before", "after")
            canvas.set_picture(_MENDED, None)
        else:
            canvas.set_picture(_MENDED, found.frame, "Mended")
            canvas.compare("after", _MENDED)
        self.column.show_mended(found)

    def show_input(self, role: str) -> None:
        """Show the photo; what was mended of the last one is let go."""
        self._show_mended(None)
        super().show_input(role)

    def _show_size(self) -> None:
        if _MENDED in self.canvas.pictures:
            self.canvas.set_picture("after", self._shown)
        else:
            super()._show_size()

    # -- the recipe --------------------------------------------------------------------------------------------------

    def _choose_scan(self) -> None:
        context = self.context
        chosen = choose_pictures(
            self,
            "Make It Look Like This Scan",
            self.input_desk.last_folder(),
            context.pictures,
            context.theme,
            several=False,
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
