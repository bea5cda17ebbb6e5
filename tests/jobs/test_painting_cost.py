"""What a painting costs before it is painted, and what is learnt of each one that was."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from job_kit import run
from studio_kit import QUICK, write_painting, write_photo

from studio.core.controls import Controls
from studio.core.cost import Pace, PaceMemo
from studio.core.events import finish
from studio.core.images import load_picture
from studio.core.picture_task import PictureRequest
from studio.core.style_settings import StyleSettings
from studio.jobs.style.cost import INSTANT, cost_of_painting, largest_size, read_pace
from studio.jobs.style.scales import stages
from studio.jobs.style.stylize import stylize
from studio.jobs.warm_up import warm_up

PACE = {"atelier-slim": Pace({1_000_000: 1.0}), INSTANT: Pace({1_000_000: 2.0})}
PHOTO = 1333, 2000


def sized(size, **more):
    return StyleSettings(size=size, steps=100, **more)


def test_a_painting_takes_as_long_as_the_evaluations_of_its_stages():
    by_hand = sum((stage.steps + 0.8) * stage.height * stage.width for stage in stages(*PHOTO, 1024, 100)) / 1e6
    cost = cost_of_painting(PHOTO, sized(1024), PACE)
    assert (cost.width, cost.height) == (1024, 682)
    assert cost.seconds == pytest.approx(by_hand)


def test_going_on_costs_only_what_is_left():
    whole, rest = (cost_of_painting(PHOTO, sized(2000), PACE, start=start) for start in (None, (682, 1024)))
    (last,) = stages(*PHOTO, 2000, 100)[-1:]
    assert rest.seconds == pytest.approx((last.steps + 0.8) * 2000 * 1333 / 1e6)
    assert rest.seconds < whole.seconds
    assert rest.memory == whole.memory


def test_a_fast_style_passes_once():
    cost = cost_of_painting(PHOTO, sized(2000, method="instant"), PACE)
    assert cost.seconds == pytest.approx(2.0 * 2000 * 1333 / 1e6)


def test_the_time_is_unknown_where_nothing_was_measured_and_memory_is_not():
    cost = cost_of_painting(PHOTO, sized(2000), {})
    assert cost.seconds is None
    assert cost.memory > 10**9


def test_the_largest_size_keeps_within_memory_and_time():
    small = {"atelier-slim": Pace({1_000_000: 1.0}, "cuda", 2 * 10**9)}
    largest = largest_size(PHOTO, sized(512), small)
    assert cost_of_painting(PHOTO, sized(largest), small).fits
    assert not cost_of_painting(PHOTO, sized(largest + 32), small).fits
    in_time = largest_size(PHOTO, sized(512), small, seconds=20.0)
    assert cost_of_painting(PHOTO, sized(in_time), small).seconds <= 20.0
    assert cost_of_painting(PHOTO, sized(in_time + 32), small).seconds > 20.0
    assert largest_size(PHOTO, sized(512), small, seconds=0.0) == 64


MEASURE = """
import resource
from pathlib import Path
import numpy as np
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.images import from_pixels
from studio.core.picture_task import PictureRequest
from studio.core.style_settings import StyleSettings
from studio.jobs.style.stylize import stylize

noise = np.random.default_rng(0).integers(0, 256, (512, 768, 3), np.uint8)
request = PictureRequest({"content": (from_pixels(noise, "photo"),), "style": (from_pixels(noise[::-1], "painting"),)})
paint = lambda size, steps: finish(stylize(request, Controls(StyleSettings(size=size, steps=steps))))
paint(96, 2)
before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
paint(768, 60)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells how much memory is in use")
def test_the_memory_that_is_told_is_what_a_painting_takes():
    taken = int(subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True).stdout)
    told = cost_of_painting((512, 768), StyleSettings(size=768), {}).memory
    assert 0.6 < told / taken < 1.6


def test_a_painting_teaches_how_fast_this_computer_is(tmp_path):
    photo, painting = load_picture(write_photo(tmp_path / "p.png")), load_picture(write_painting(tmp_path / "s.png"))
    request = PictureRequest({"content": (photo,), "style": (painting,)})
    finish(stylize(request, Controls(QUICK)))
    _, pace = run(read_pace, None)
    (pixels,) = pace[QUICK.backbone].seconds
    assert pixels == 64 * 43
    assert pace[QUICK.backbone].kind == "cpu"


def test_an_instant_painting_teaches_it_too(tmp_path):
    photo = load_picture(write_photo(tmp_path / "p.png"))
    finish(stylize(PictureRequest({"content": (photo,)}), Controls(StyleSettings(method="instant", size=96))))
    assert list(PaceMemo.standard().read()[INSTANT].seconds) == [96 * 64]


def test_warming_up_measures_a_network_that_nothing_is_known_of():
    finish(warm_up("atelier-slim", Controls(None)))
    first = PaceMemo.standard().read()["atelier-slim"]
    assert list(first.seconds) == [256**2]
    assert np.isfinite(first.at(10**6))
    finish(warm_up("atelier-slim", Controls(None)))
    assert PaceMemo.standard().read()["atelier-slim"] == first
