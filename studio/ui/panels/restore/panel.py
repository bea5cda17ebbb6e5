"""The Restore panel: a damaged photo mended, a small one made large, what one looks at first."""

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QColor, QShowEvent

from studio.core.controls import Controls
from studio.core.events import Picture
from studio.core.picture_task import CONTENT, HINTS, HOLE, PictureResult
from studio.core.picture_tasks import RESTORE
from studio.core.settings import Settings
from studio.jobs.restore.choices import COMING_ALONG, CRISP, RestorerChoice, RestorersTask, list_restorers
from studio.jobs.restore.invented import Invented, InventedTask, invented
from studio.jobs.restore.palette import PaletteTask
from studio.ui.canvas.map_layer import MapLayer
from studio.ui.panel import ModelToUse
from studio.ui.panels.restore.column import RestoreColumn
from studio.ui.panels.restore.session import RestoreSession
from studio.ui.picture.context import PanelContext
from studio.ui.picture.panel import PicturePanel
from studio.ui.picture.session import SessionState

_NO_NETWORK = (
    "There is no network yet that {does}. Train one: in Train choose Restorer, set Network to “{kind}”{scale}, and "
    "drop a few hundred sharp photos. When the run is finished, or stopped and kept, it is offered here."
)
_MODE_OF = {"colouriser": "colourise", "inpainter": "fill", "scratch_detector": "scratches"}
"""What is done with a network of each kind but restorers, which say it themselves."""
_PAINT = "Add a mask, and paint over what is to go: it is filled at once"
_PAINT_OR_TRAIN = "No network here finds this yet: add a mask and paint over it, or train one"


class RestorePanel(PicturePanel):
    """Adds the modes, what was found, the order in which the picture is made, and the map of what was invented.

    Args:
        context: what it shares with other panels.

    """

    task = RESTORE
    result_title = "Restored"
    session: RestoreSession
    column: RestoreColumn

    def __init__(self, context: PanelContext) -> None:
        self._is_warm, self._wanted = False, ""
        self._found: Picture | None = None
        super().__init__(context)
        self.map = MapLayer()
        self.map.hide()
        self.canvas.layers.add(self.map)
        if self.mask_desk is not None:
            self.mask_desk.likely_wanted.connect(self._ask_for_colours)
            self.mask_desk.offer_likely()
        self._connect_restoring()

    @property
    def words(self) -> Mapping[SessionState, str]:
        """What can be done, and what is missing."""
        if self.session.photo is not None and self.session.missing:
            return dict.fromkeys(SessionState, "There is no network for this yet: see the column")
        if self.session.photo is not None and self.session.lacks_hole:
            return dict.fromkeys(SessionState, _PAINT if self.session.settings.mode == "fill" else _PAINT_OR_TRAIN)
        return {
            **super().words,
            SessionState.EMPTY: "Drop a photo: it is restored at once",
            SessionState.FINISHED: "Done: Strength acts at once, any other setting begins again",
        }

    def _ask_for_colours(self, across: float, down: float) -> None:
        """Have the colouriser say what colours a place may have, as far as hints are painted already."""
        session, desk = self.session, self.mask_desk
        assert desk is not None
        assert session.photo is not None
        hints = tuple(one.picture for one in session.inputs[HINTS])
        task = PaletteTask(session.photo.picture, across, down, hints)
        handle = self.context.studio.live("restore.palette", "suggest_palette", task, Controls(session.settings))
        handle.finished.connect(lambda found: desk.show_likely([(QColor(*one.colour), one.chance) for one in found]))
        handle.failed.connect(lambda _failure: desk.show_likely(()))
        handle.failed.connect(self.report)

    def make_session(self) -> RestoreSession:
        """Return the panel's state."""
        return RestoreSession(self.context.studio, self.context.pictures, self.undo_stack, self)

    def make_column(self) -> RestoreColumn:
        """Return the controls beside the canvas."""
        return RestoreColumn(self.context.theme)

    def _connect_restoring(self) -> None:
        self.canvas.part_changed.connect(self.session.look_at)
        self.column.mode.chosen.connect(lambda mode: self.session.change(mode=mode))
        self.column.invented_button.toggled.connect(self._ask_what_is_invented)
        self.column.found_button.clicked.connect(self._edit_found)
        self.column.another_button.clicked.connect(self._propose_another)
        self.session.job.made.connect(self._take_found)
        self.session.frame_composed.connect(lambda _frame: self._ask_what_is_invented())

    def _propose_another(self) -> None:
        self.session.change(proposal=(self.session.settings.proposal + 1) % 1000)

    @property
    def can_start(self) -> bool:
        """Whether photo and networks are there, and nothing runs."""
        return super().can_start and self.session.is_complete

    # -- networks ----------------------------------------------------------------------------------------------------

    def use_model(self, model: ModelToUse) -> None:
        """Restore with another network; what it does is done from now on. One step of undo."""
        if model.product in _MODE_OF:
            self.session.change(**{"mode": _MODE_OF[model.product], model.product: model.name})
            self.list_models(model.product)
        else:
            self.list_restorers(model.name)

    def refresh_models(self) -> None:
        """Offer the networks that are on this computer now."""
        self.list_restorers()
        for product in _MODE_OF:
            self.list_models(product)

    def offer_models(self, product: str, names: Mapping[str, str]) -> None:
        """Offer the networks of one kind; whether any finds scratches decides what can be done."""
        super().offer_models(product, names)
        if product == "scratch_detector":
            self.session.take_detectors(names)
            self._show_state()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.refresh_models()  # a run that goes on has a newer network by now

    def list_restorers(self, wanted: str = "") -> None:
        """Look the networks up; one that is `wanted` is used as soon as it is known what it does."""
        self._wanted = wanted or self._wanted  # a list that is asked for meanwhile replaces this one
        task = RestorersTask(used=self._wanted or self.session.settings.model)
        handle = self.context.pictures.live("restore.networks", list_restorers, task)
        handle.finished.connect(self._offer)
        handle.failed.connect(self.report)

    def _offer(self, found: Sequence[RestorerChoice]) -> None:
        wanted, self._wanted = self._wanted, ""
        self.form.set_offers("restorer", {one.name: one.words for one in found if one.name not in COMING_ALONG})
        self.session.take_networks(found)
        if wanted:
            self.session.change(model=wanted)
        self._show_settings(self.session.settings)
        if self.isVisible() and not self._is_warm and not self.session.missing:
            self._is_warm = True
            self.context.studio.live("restore.warm_up", "warm_up_restorer", self.session.settings)

    # -- what was found ----------------------------------------------------------------------------------------------

    def _take_found(self, result: PictureResult) -> None:
        """Offer scratches, or writing, that were found by themselves, to be corrected by hand."""
        self._found = result.found.get(HOLE)
        self.column.found_button.setVisible(self._found is not None and bool(self._found.any()))

    def _edit_found(self) -> None:
        """Put it among the masks: from then on it stands in place of the search."""
        if self._found is not None and self.mask_desk is not None:
            self.mask_desk.take("Found", HOLE, self._found[..., 0] if self._found.ndim == 3 else self._found)
            self.column.found_button.hide()

    # -- what was invented -------------------------------------------------------------------------------------------

    def _ask_what_is_invented(self, _on: bool = False) -> None:
        """Measure it anew while somebody asks; of what is half made there is nothing to say."""
        session, asked = self.session, self.column.invented_button.isChecked()
        if not asked or session.photo is None or session.layer is None or session.recipe is None:
            self._show_invented(None)
            return
        task = InventedTask(session.photo.picture.pixels, session.layer)
        controls = Controls(session.settings_to_compose)
        handle = self.context.pictures.live("restore.invented", invented, task, controls, after_running=True)
        handle.finished.connect(self._show_invented)
        handle.failed.connect(self.report)

    def _show_invented(self, found: Invented | None) -> None:
        if found is not None and (not self.column.invented_button.isChecked() or self.session.recipe is None):
            return  # nobody asks any more
        self.map.set_frame(None if found is None else found.frame)
        self.map.setVisible(found is not None)
        self.column.show_invented(found)

    # -- showing the state -------------------------------------------------------------------------------------------

    def show_input(self, role: str) -> None:
        """Show the photo; what was invented of the last one says nothing about it."""
        self._show_invented(None)
        if role == CONTENT:
            self._found = None
            self.column.found_button.hide()
        super().show_input(role)
        self._show_settings(self.session.settings)

    def _show_settings(self, settings: Settings) -> None:
        self.column.hears_denoise = self.session.hears_denoise
        super()._show_settings(settings)
        self.column.show_note(self._note())
        photo = self.session.photo
        size = (0, 0) if photo is None else self.session.settings.size_of(*self.session.photo_size)
        self.column.show_size("" if photo is None else "It becomes {} × {} px.".format(*size))
        self._show_state()

    def _note(self) -> str:
        missing = self.session.missing
        if not missing:
            return ""
        if all(name.endswith(CRISP) for name in missing):
            return "The network that draws crisp detail is not on this computer: set Crisp to 0."
        scale = missing[0].removesuffix(CRISP).rpartition("-")[2]
        if not scale.isdigit():
            return _NO_NETWORK.format(does="enhances", kind="Enhance", scale="")
        return _NO_NETWORK.format(does=f"enlarges {scale} ×", kind="Enlarge", scale=f" and Enlarges to {scale} ×")

    def _show_state(self) -> None:
        super()._show_state()
        done = self.session.layer is not None and self.session.recipe is not None
        self.column.invented_button.setEnabled(done or self.column.invented_button.isChecked())
