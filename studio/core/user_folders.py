"""Where the user's things live on this computer."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

from studio.core.file_names import expanded

_NAME = "Atelier"


@dataclass(frozen=True, slots=True)
class UserFolders:
    """The folders that the studio uses; none of them needs to exist yet."""

    library: Path
    models: Path
    config: Path
    cache: Path
    logs: Path
    runs: Path
    sessions: Path

    @property
    def log(self) -> Path:
        """The file in which the window writes down what happens."""
        return self.logs / "atelier.log"

    @classmethod
    def standard(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return the system's usual places, or all within ATELIER_HOME where that is set (portable use, tests).

        ATELIER_CACHE names a place for the cache alone, which is the largest of them and can be made again.
        """
        environment = os.environ if environment is None else environment
        home, cache = (environment.get(name, "").strip() for name in ("ATELIER_HOME", "ATELIER_CACHE"))
        folders = cls.within(expanded(home).absolute()) if home else cls._of_system()
        return replace(folders, cache=expanded(cache).absolute()) if cache else folders

    @classmethod
    def _of_system(cls) -> Self:
        import platformdirs  # a portable studio does without

        dirs = platformdirs.PlatformDirs(_NAME, appauthor=False)
        return cls(
            library=dirs.user_pictures_path / _NAME,
            models=dirs.user_data_path / "models",
            config=dirs.user_config_path,
            cache=dirs.user_cache_path,
            logs=dirs.user_log_path,
            runs=dirs.user_data_path / "runs",
            sessions=dirs.user_data_path / "sessions",
        )

    @classmethod
    def within(cls, home: Path) -> Self:
        """Return one folder's own set, so that everything can be carried on a stick or thrown away at once."""
        names = ("library", "models", "config", "cache", "logs", "runs", "sessions")
        return cls(*(home / name for name in names))

    def remedy_for(self, path: Path) -> str:
        """Return how the folder of these that `path` lies in can be another one; "" where it lies in none."""
        own = (field.name for field in fields(self) if path.absolute().is_relative_to(getattr(self, field.name)))
        name = next(own, "")
        if name == "cache":
            return "Let the variable ATELIER_CACHE name a folder that can be written to (or ATELIER_HOME, for all)."
        return "Let the variable ATELIER_HOME name a folder that can be written to." if name else ""
