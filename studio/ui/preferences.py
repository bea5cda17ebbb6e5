"""What the program remembers about a person between two starts."""

from pathlib import Path
from typing import Any, Literal, TypeAlias

from PySide6.QtCore import QByteArray, QSettings

from studio.core.addresses import local_file
from studio.core.file_names import readable
from studio.core.photo_metadata import MetadataChoice
from studio.ui.theme import ThemeMode

RECENT_LIMIT = 10
PAINTING_LIMIT = 16
RUN_LIMIT = 50

TrainingAtClose: TypeAlias = Literal["ask", "pause", "background"]


class _Words:
    """A preference that is kept as it is, under its own name.

    Args:
        at_first: what it is until it is set.

    """

    def __init__(self, at_first: str = "") -> None:
        self._at_first, self._key = at_first, ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = name

    def __get__(self, preferences: "Preferences", owner: type) -> str:
        return str(preferences._store.value(self._key, self._at_first))

    def __set__(self, preferences: "Preferences", words: str) -> None:
        preferences._store.setValue(self._key, words)


class Preferences:
    """Window geometry, theme, recent files and the like, in one ini file of the user's configuration folder."""

    picture_panel = _Words()
    """The name of the panel in which pictures were worked on last, "" at first."""
    save_folder = _Words()
    """The folder of the last saved picture, "" at first."""
    queue_folder = _Words()
    """The folder that the results of a queue went to the last time, "" at first."""
    save_suffix = _Words(".png")
    """The ending of the file that was saved last, which names its format."""
    mask_hand = _Words()
    """What the hand that paints masks holds, as JSON; "" at first."""
    mask_colour = _Words()
    """The colour that hints are painted in, "#rrggbb"; "" at first."""
    ink_colour = _Words()
    """The colour that is drawn with, "#rrggbb"; "" at first."""

    def __init__(self, file: Path) -> None:
        self.is_first_start = not file.exists()
        """Whether nothing was ever remembered here."""
        self._store = QSettings(str(file), QSettings.Format.IniFormat)
        self._store.setValue("started", True)

    @property
    def theme_mode(self) -> ThemeMode:
        """Colour scheme: "system", "dark" or "light"."""
        stored = self._store.value("theme", "system")
        return stored if stored in ("dark", "light") else "system"

    @theme_mode.setter
    def theme_mode(self, mode: ThemeMode) -> None:
        self._store.setValue("theme", mode)

    @property
    def compare_mode(self) -> str:
        """How photo and painting are compared: "after", "split" or "side"."""
        stored = self._store.value("compare", "split")
        return stored if stored in ("after", "side") else "split"

    @compare_mode.setter
    def compare_mode(self, mode: str) -> None:
        self._store.setValue("compare", mode)

    @property
    def ai_mark(self) -> bool:
        """Whether saved pictures carry the mark of AI-made pictures; on unless the artist switched it off."""
        return str(self._store.value("ai_mark", "true")).lower() == "true"

    @ai_mark.setter
    def ai_mark(self, on: bool) -> None:
        self._store.setValue("ai_mark", on)

    @property
    def recent_files(self) -> list[Path]:
        """The newest opened photos, newest first; some may be gone by now."""
        return self._paths("recent")

    def remember_file(self, path: Path) -> None:
        """Put `path` at the head of the recent photos."""
        self._remember("recent", path, RECENT_LIMIT)

    def forget_file(self, path: Path) -> None:
        """Drop it from the recent files: it cannot be opened any more."""
        self._forget("recent", path)

    def recent_in(self, role: str) -> list[Path]:
        """Return the pictures of one's own that were chosen in another role, newest first; some may be gone."""
        return self._paths(f"chosen_{role}")

    def remember_in(self, role: str, path: Path) -> None:
        """Put `path` at the head of what was chosen in this role."""
        self._remember(f"chosen_{role}", path, PAINTING_LIMIT)

    def forget_in(self, role: str, path: Path) -> None:
        """Offer it no longer."""
        self._forget(f"chosen_{role}", path)

    @property
    def recent_sessions(self) -> list[Path]:
        """The newest session files that are still there, newest first."""
        return [path for path in self._paths("sessions") if path.is_file()]

    def remember_session(self, path: Path) -> None:
        """Put `path` at the head of the session files."""
        self._remember("sessions", path, RECENT_LIMIT)

    @property
    def opened_runs(self) -> tuple[Path, ...]:
        """Training runs that lie elsewhere than in the runs folder, the newest opened first; some may be gone."""
        return tuple(self._paths("runs"))

    def remember_run(self, path: Path) -> None:
        """List the run in `path` from now on."""
        self._remember("runs", path, RUN_LIMIT)

    def forget_run(self, path: Path) -> None:
        """List it no longer."""
        self._forget("runs", path)

    @property
    def training_at_close(self) -> TrainingAtClose:
        """What becomes of a training when the window closes."""
        stored = self._store.value("training_at_close", "ask")
        return stored if stored in ("pause", "background") else "ask"

    @training_at_close.setter
    def training_at_close(self, choice: TrainingAtClose) -> None:
        self._store.setValue("training_at_close", choice)

    def load_bytes(self, name: str) -> QByteArray | None:
        """Return the bytes stored under `name`: geometry, splitter positions."""
        value = self._store.value(name)
        return value if isinstance(value, QByteArray) else None

    def store_bytes(self, name: str, value: QByteArray) -> None:
        """Keep bytes such as `QWidget.saveGeometry()` under `name`."""
        self._store.setValue(name, value)

    @property
    def metadata(self) -> MetadataChoice:
        """What of a photo's metadata goes into the files that are saved."""
        stored = str(self._store.value("metadata", "keep"))
        return "location" if stored == "location" else "none" if stored == "none" else "keep"

    @metadata.setter
    def metadata(self, choice: MetadataChoice) -> None:
        self._store.setValue("metadata", choice)

    @property
    def jpeg_quality(self) -> int:
        """The quality with which JPEG and WebP files are saved, 1–100."""
        stored = str(self._store.value("jpeg_quality", 92))
        return min(100, max(1, int(stored))) if stored.isdecimal() else 92

    @jpeg_quality.setter
    def jpeg_quality(self, quality: int) -> None:
        self._store.setValue("jpeg_quality", quality)

    def _paths(self, key: str) -> list[Path]:
        stored: Any = self._store.value(key, [])  # an ini file gives a list of one back as that one
        names: list[str] = [stored] if isinstance(stored, str) else list(stored or [])
        return [local_file(name) or Path(name) for name in names]

    def _remember(self, key: str, path: Path, most: int) -> None:
        """Put `path` at the head of a list, absolute: the next start may be from another folder."""
        path = path.absolute()
        others = (other for other in self._paths(key) if other != path)
        self._store.setValue(key, [_stored(each) for each in (path, *others)][:most])

    def _forget(self, key: str, path: Path) -> None:
        path = path.absolute()
        self._store.setValue(key, [_stored(other) for other in self._paths(key) if other != path])


def _stored(path: Path) -> str:
    """Return a path as an ini file keeps it: Qt loses the bytes of names that are no UTF-8, but not their address."""
    name = str(path)
    return name if name == readable(name) else path.absolute().as_uri()
