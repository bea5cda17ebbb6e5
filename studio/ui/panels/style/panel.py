"""The Style panel: a photo painted live in the manner of paintings, or at once with a fast style."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtGui import QAction, QKeySequence

from studio.core.picture_tasks import STYLIZE
from studio.core.settings import Settings
from studio.jobs.style.choices import FastStylesTask, FastStyleThumbnail, list_fast_styles
from studio.jobs.style.cost import read_pace
from studio.ui.icons import set_icon
from studio.ui.panel import ModelToFind, ModelToUse, Sendable
from studio.ui.panels.style.column import StyleColumn
from studio.ui.panels.style.fast_style_tiles import FastStyleOffer
from studio.ui.panels.style.session import STYLE, StyleSession
from studio.ui.picture.context import PanelContext
from studio.ui.picture.panel import PicturePanel
from studio.ui.picture.session import SessionState

_READY = {SessionState.READY: "Ready to paint"}
_LIVE = _READY | {
    SessionState.EMPTY: "Drop a photo and choose a painting",
    SessionState.FINISHED: "Done: move a slider to go on, or look at an earlier frame",
}
_INSTANT = _READY | {
    SessionState.EMPTY: "Drop a photo: it is painted at once",
    SessionState.FINISHED: "Done: Strength paints it anew, another fast style as well",
}


class StylePanel(PicturePanel):
    """Adds the shelf of paintings, the fast styles, and the choice between the two.

    Args:
        context: what it shares with other panels.

    """

    task = STYLIZE
    menu_title = "&Painting"
    result_title = "Painting"
    session: StyleSession
    column: StyleColumn

    def __init__(self, context: PanelContext) -> None:
        self._asked_for = ""
        super().__init__(context)
        self.photo_tile, self.shelf, self.fast_styles = (
            self.column.photo_tile, self.column.shelf, self.column.fast_styles,
        )  # fmt: skip
        self.networks_button = self.column.networks_button
        self.file_actions = (self._make_add_action(),)
        self._connect_style()
        self._read_pace()

    @property
    def words(self) -> Mapping[SessionState, str]:
        """What can be done, in either way to paint."""
        if self.session.can_go_on:
            return {**_LIVE, SessionState.FINISHED: "Stopped before the end: go on, or move a slider"}
        if self.session.starts_by_itself:
            return _INSTANT
        if self.session.photo is not None:
            return _LIVE | {SessionState.EMPTY: "Choose a painting"}
        return _LIVE | ({SessionState.EMPTY: "Drop a photo"} if self.session.has_look else {})

    def make_session(self) -> StyleSession:
        """Return the panel's state."""
        return StyleSession(self.context.studio, self.context.pictures, self.undo_stack, self)

    def make_column(self) -> StyleColumn:
        """Return the controls beside the canvas."""
        return StyleColumn(self.context.theme)

    def _make_add_action(self) -> QAction:
        action = QAction("Open Painting…", self)
        action.setShortcut(QKeySequence("Ctrl+Shift+O"))
        set_icon(action, "add_picture", self.context.theme)
        return action

    def _connect_style(self) -> None:
        shelf, session = self.shelf, self.session
        (add_painting,) = self.file_actions
        add_painting.triggered.connect(lambda: self.choose(STYLE, joins=shelf.mix_button.isChecked()))
        shelf.removed.connect(partial(session.remove, STYLE))
        shelf.mix_changed.connect(lambda mix: session.change(style_mix=mix))
        shelf.mix_drag_started.connect(session.settings_state.begin)
        shelf.mix_drag_finished.connect(session.settings_state.commit)
        self.column.method.chosen.connect(lambda method: session.change(method=method))
        self.fast_styles.chosen.connect(self.use_fast_style)
        self.fast_styles.files_dropped.connect(partial(self.open_as, STYLE))
        self.fast_styles.picture_dropped.connect(partial(self.input_desk.open_pasted, STYLE))
        self.fast_styles.refused.connect(self.files.refuse)
        session.finished.connect(lambda _result, _inputs: self._read_pace())
        self.networks_button.clicked.connect(lambda: self.sent.emit(ModelToFind(session.settings.backbone), ""))

    def show_input(self, role: str) -> None:
        """Show the photo, or the paintings and their mix."""
        super().show_input(role)
        self.shelf.set_mix(self.session.settings.style_mix)

    def show_loading(self, words: str) -> None:
        """Name what is being loaded; when it is there, it is known how fast it is."""
        super().show_loading(words)
        if not words:
            self._read_pace()

    def _read_pace(self) -> None:
        handle = self.context.pictures.live("style.pace", read_pace, None)
        handle.finished.connect(self.session.take_pace)
        handle.failed.connect(self.report)

    # -- networks --------------------------------------------------------------------------------------------------

    def accepts(self, what: Sendable) -> bool:
        """Take a network that looks only from the shelf: painting names it by name."""
        if isinstance(what, ModelToUse) and what.product == "backbone" and not what.is_on_shelf:
            return False
        return super().accepts(what)

    def use_model(self, model: ModelToUse) -> None:
        """Paint with another network, be it one that looks or a fast style; one step of undo."""
        if model.product == "fast_style":
            self.use_fast_style(model.name)
        else:
            self.session.change(method="live", backbone=model.name)

    def use_fast_style(self, name: str) -> None:
        """Paint at once with this fast style: its name, its file, or the folder of its run; one step of undo."""
        self.session.change(method="instant", fast_style=name)
        self.refresh_models()

    @property
    def models_in_use(self) -> frozenset[str]:
        """The network that looks at the pictures."""
        return frozenset({self.session.settings.backbone})

    def refresh_models(self) -> None:
        """Offer the networks and the fast styles that are on this computer now."""
        self.list_models("backbone")
        self._list_fast_styles()

    def _list_fast_styles(self) -> None:
        self._asked_for = self.session.settings.fast_style
        task = FastStylesTask(used=self._asked_for)
        fast_styles = self.context.pictures.live("style.fast", list_fast_styles, task)
        fast_styles.finished.connect(self._offer_fast_styles)
        fast_styles.failed.connect(self.report)

    def _offer_fast_styles(self, found: Sequence[FastStyleThumbnail]) -> None:
        self.fast_styles.set_offers([FastStyleOffer(one.name, one.title, one.picture) for one in found])
        self.form.set_offers("fast_style", {one.name: one.title for one in found})
        self.column.show_settings(self.session.settings)

    def _show_settings(self, settings: Settings) -> None:
        """Offer a fast style that came with a picture or a session as well, wherever it lies."""
        super()._show_settings(settings)
        wanted = self.session.settings
        if wanted.method == "instant" and wanted.fast_style not in {self._asked_for, *self.column.fast_styles.tiles}:
            self._list_fast_styles()
