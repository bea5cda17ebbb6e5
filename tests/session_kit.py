"""A small session to write and to read."""

import numpy as np
from studio_kit import write_painting, write_photo

from studio.core.images import load_picture
from studio.core.recipes import InputRecord, Recipe, SteeringStep
from studio.core.saved_session import SavedFrame, SavedSession
from studio.core.style_settings import StyleSettings

SETTINGS = StyleSettings(size=64, style_weight=2.5)


def session_of(folder, **changes):
    """A photo, a painting, two frames of which the first is starred, and a picture of 16 bits."""
    photo, painting = write_photo(folder / "photo.png", 24, 16), write_painting(folder / "stripes.png", 3, 20)
    pictures = {one.sha256: one for one in (load_picture(photo), load_picture(painting))}
    content, style = pictures
    inputs = {"content": (content,), "style": (style,)}
    records = tuple(InputRecord(role=role, name="x", sha256=keys[0]) for role, keys in inputs.items())
    rng = np.random.default_rng(0)

    def recipe_at(step):
        stop = SteeringStep(at=step, action="stop")
        return Recipe(task="stylize", settings=SETTINGS.model_dump(), inputs=records, steering=(stop,))

    def frame_at(number):
        pixels = rng.integers(0, 256, (16, 24, 3), np.uint8)
        numbers = {"number": number, "step": 6 * number, "evaluations": 6 * number, "take": 0, "starred": number == 1}
        return SavedFrame(
            f"{number:016x}", pixels, pixels[::2, ::2].copy(), recipe_at(6 * number), SETTINGS.model_dump(mode="json"),
            inputs, numbers,
        )  # fmt: skip

    whole = {
        "task": "stylize", "title": "photo · stripes", "settings": SETTINGS.model_dump(mode="json"),
        "pictures": pictures, "inputs": inputs, "running": True, "key": "ef" * 8,
        "layer": rng.integers(0, 65536, (16, 24, 3), np.uint16), "recipe": recipe_at(15), "made_from": inputs,
        "frames": [frame_at(1), frame_at(2)], "preview": rng.integers(0, 256, (8, 12, 3), np.uint8),
    }  # fmt: skip
    return SavedSession(**(whole | changes))
