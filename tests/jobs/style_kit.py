"""Small tasks for the style job, a hand that moves sliders at chosen evaluations, and a machine of known speed."""

import numpy as np

from studio.core.controls import Controls
from studio.core.events import Preview
from studio.core.images import LoadedPicture
from studio.core.picture_task import CONTENT, PictureRequest
from studio.core.style_settings import StyleSettings
from studio.jobs.style.steering import LiveSteering
from studio.jobs.style.stylize import stylize


def picture(name, seed, height=90, width=120):
    """Return blobs of colour that a network can tell from another seed's."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [
        np.sin(x * generator.uniform(0.05, 0.6) + y * generator.uniform(-0.6, 0.6) + generator.uniform(0, 6))
        for _ in range(3)
    ]
    return LoadedPicture((127 + 120 * np.stack(waves, axis=-1)).astype(np.uint8), name, f"{seed:064x}")


def small_task(paintings=2, **changes):
    """Return a task that a slow core paints in a second or two."""
    styles = tuple(picture(f"painting{number}.png", seed=number + 1) for number in range(paintings))
    return request_of(picture("photo.png", seed=0), *styles, **changes)


def request_of(photo, *paintings, **changes):
    """Return the request to paint `photo` in the manner of `paintings`."""
    return PictureRequest({CONTENT: (photo,), "style": paintings}, **changes)


def quick(**changes):
    """Return settings for a small painting with the network that is always there."""
    return StyleSettings(**{"backbone": "squeezenet1_1:untrained", "size": 96, "steps": 12, **changes})


def drive(task, controls, hand=lambda event, controls: None):
    """Run the job; `hand` sees every event and may steer. Returns the events and the result."""
    job, events = stylize(task, controls), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return events, end.value
        hand(events[-1], controls)


def moves(script):
    """Return a hand that changes settings (or calls `finish`) when a frame or number of that evaluation is seen."""
    waiting = dict(script)

    def hand(event, controls):
        due = [at for at in waiting if at <= getattr(event, "step", -1)]
        for at in due:
            change = waiting.pop(at)
            if change == "finish":
                controls.finish()
            else:
                controls.replace(controls.settings.model_copy(update=change))

    return hand


def frames(events, *, drafts=False):
    """Return the previews among events, by evaluation."""
    return {event.step: event for event in events if isinstance(event, Preview) and event.draft is drafts}


class KnownMachine(LiveSteering):
    """Live steering on a computer whose every evaluation takes `seconds` per 64×64 pixels, and whose clock it counts.

    So a test knows when a painting is too slow to follow a slider, without depending on the computer it runs on.
    """

    def __init__(self, controls: Controls[StyleSettings], settings: StyleSettings, seconds: float) -> None:
        self._now = 0.0
        self._seconds = seconds
        super().__init__(controls, settings, clock=self.clock)

    def clock(self) -> float:
        """Seconds since the start."""
        return self._now

    def observe(self, side: int, seconds: float) -> None:
        """Count the seconds this machine would have taken."""
        known = self._seconds * (side / 64) ** 2
        self._now += known
        super().observe(side, known)
