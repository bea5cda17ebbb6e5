"""Dreams that one wants to come back to, in collections: a file for each generator. Free of torch.

What is kept is how they are made, not pictures: they are dreamt again in a moment, larger or bent where one likes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from pydantic import ValidationError

from studio.core.atomic import write_error, write_file
from studio.core.dream_settings import DreamSettings
from studio.core.recipes import name_in_recipes

__all__ = ["STARRED", "AlbumShelf", "DreamAlbum"]

STARRED = "Starred"
"""The collection that there always is."""
_VERSION = 1
_GENERATOR = ("model", "second", "share")
"""What says whose dreams they are: not kept with each."""


@dataclass(frozen=True, slots=True)
class DreamAlbum:
    """Collections of one generator's dreams.

    Args:
        collections: name → settings, in the order in which they came; those of no generator in particular.

    """

    collections: Mapping[str, tuple[DreamSettings, ...]] = field(default_factory=lambda: {STARRED: ()})

    @property
    def names(self) -> tuple[str, ...]:
        """The collections' names."""
        return tuple(self.collections)

    def of(self, name: str) -> tuple[DreamSettings, ...]:
        """Return what is in a collection."""
        return self.collections.get(name, ())

    def has(self, name: str, settings: DreamSettings) -> bool:
        """Tell whether a dream is in a collection."""
        return anyones(settings) in self.of(name)

    def toggled(self, name: str, settings: DreamSettings) -> "DreamAlbum":
        """Return the album with a dream put into a collection, or taken out of it."""
        dream, there = anyones(settings), self.of(name)
        now = tuple(one for one in there if one != dream) if dream in there else (*there, dream)
        return replace(self, collections={**self.collections, name: now})

    def without(self, name: str) -> "DreamAlbum":
        """Return the album without a collection; the starred ones stay."""
        left = {one: dreams for one, dreams in self.collections.items() if one != name or one == STARRED}
        return replace(self, collections=left)

    def to_json(self) -> bytes:
        """Return what an album's file holds."""
        told = {
            name: [dream.model_dump(exclude_defaults=True, exclude=set(_GENERATOR)) for dream in dreams]
            for name, dreams in self.collections.items()
        }
        return json.dumps({"atelier_dreams": _VERSION, "collections": told}, indent=1, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "DreamAlbum":
        """Read what `to_json` wrote; of what cannot be understood the rest."""
        found: dict[str, tuple[DreamSettings, ...]] = {STARRED: ()}
        try:
            collections = json.loads(data)["collections"].items()
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return cls()
        for name, dreams in collections:
            kept = []
            for dream in dreams if isinstance(dreams, list) else ():
                try:
                    kept.append(DreamSettings.model_validate(dream))
                except ValidationError:  # of a later version, or by hand
                    continue
            found[str(name)] = tuple(kept)
        return cls(found)


def anyones(settings: DreamSettings) -> DreamSettings:
    """Return settings that name no generator."""
    return settings.model_copy(update={name: DreamSettings.model_fields[name].default for name in _GENERATOR})


def whose(settings: DreamSettings, generator: DreamSettings) -> DreamSettings:
    """Return settings with the generator of others."""
    return settings.model_copy(update={name: getattr(generator, name) for name in _GENERATOR})


@dataclass(frozen=True, slots=True)
class AlbumShelf:
    """Albums, a file for each generator.

    Args:
        folder: where they lie; need not exist.

    """

    folder: Path

    def of(self, generator: str) -> DreamAlbum:
        """Return the album of a generator; an empty one where its file is not there or cannot be read."""
        try:
            return DreamAlbum.from_json(self._path(generator).read_bytes())
        except OSError:
            return DreamAlbum()

    def keep(self, generator: str, album: DreamAlbum) -> None:
        """Keep an album.

        Raises:
            StudioError: the disk does not take it.

        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.folder, error) from error
        write_file(self._path(generator), album.to_json())

    def _path(self, generator: str) -> Path:
        return self.folder / f"{quote(name_in_recipes(generator), safe=' ')[:180]}.json"
