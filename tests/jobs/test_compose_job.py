import numpy as np

from studio.core.compositing import Backdrop, compose
from studio.core.controls import Controls
from studio.core.events import Progress, finish
from studio.core.frames import prepare_frame
from studio.core.style_settings import StyleSettings
from studio.jobs import catalog
from studio.jobs.export import ComposeTask

rng = np.random.default_rng(0)
PHOTO = rng.integers(0, 256, (90, 120, 4), np.uint8)
PAINTING = rng.integers(0, 65536, (300, 400, 3)).astype(np.uint16)


def test_the_frame_shows_the_composition():
    chosen = StyleSettings(strength=0.6, blend="screen", saturation=1.2)
    frame = finish(catalog.start("compose", ComposeTask(Backdrop(PHOTO), PAINTING), Controls(chosen)))
    expected = prepare_frame(compose(PHOTO, PAINTING, chosen))
    assert frame.has_alpha
    assert len(frame.levels) == len(expected.levels) == 2
    assert all(np.array_equal(a, b) for a, b in zip(frame.levels, expected.levels, strict=True))


def test_the_newest_settings_count_not_those_at_the_start():
    controls = Controls(StyleSettings(strength=0.0))
    job = catalog.start("compose", ComposeTask(Backdrop(PHOTO), PAINTING), controls)
    assert isinstance(next(job), Progress)
    controls.replace(StyleSettings(strength=1.0))
    frame = finish(job)
    assert np.array_equal(frame.levels[0], prepare_frame(compose(PHOTO, PAINTING, StyleSettings())).levels[0])
