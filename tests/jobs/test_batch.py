from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from job_kit import run
from PIL import Image
from studio_kit import write_painting, write_photo

from studio.core.adjust_settings import AdjustSettings
from studio.core.controls import Controls
from studio.core.events import Preview, finish
from studio.core.failures import StudioError
from studio.core.images import load_picture, read_recipe, save_picture
from studio.core.library import Library
from studio.core.picture_tasks import ADJUST, STYLIZE
from studio.core.recipes import InputRecord, Recipe, SteeringStep
from studio.core.settings import Settings
from studio.core.style_settings import StyleSettings
from studio.jobs.batch import (
    BatchItem,
    BatchLook,
    GatherTask,
    ItemTask,
    Outcome,
    Report,
    State,
    gather,
    made_before,
    make_item,
    with_outputs,
)  # fmt: skip
from studio.jobs.batch_file import BeginTask, begin_batch, find_batches, forget_batch, look_again, note_outcome

BRIGHTER = BatchLook(ADJUST, AdjustSettings(exposure=1.0))


@pytest.fixture
def folder(tmp_path):
    """A folder of photos in folders."""
    for name in ("a.png", "rome/a.png", "rome/day 2/b.jpg", "rome/day 2/b.png"):
        write_photo(tmp_path / "holiday" / name, 48, 32)
    (tmp_path / "holiday" / "notes.txt.bak").write_text("no picture")
    return tmp_path / "holiday"


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


def found_in(*sources, leave_out=()):
    return run(gather, GatherTask(tuple(sources), tuple(leave_out)))[1]


def make(item, look, library):
    return finish(make_item(ItemTask(item, look, library), Controls(look.settings)))


def placed(folder, to, done="adjusted", suffix=".png"):
    return with_outputs(found_in(folder), to, done, suffix)


def outputs(items, top):
    return [str(item.output.relative_to(top)) for item in items]


# -- what is to be done ------------------------------------------------------------------------------------------------


def test_a_folder_means_every_photo_below_it_and_its_folders_are_made_again(folder, tmp_path):
    items = placed(folder, tmp_path / "out")
    assert [item.name for item in items] == ["a.png", "rome/a.png", "rome/day 2/b.jpg", "rome/day 2/b.png"]
    assert outputs(items, tmp_path / "out") == [
        "a adjusted.png", "rome/a adjusted.png", "rome/day 2/b.jpg adjusted.png", "rome/day 2/b.png adjusted.png"
    ]  # fmt: skip


def test_several_folders_keep_apart_and_a_file_is_found_once(folder, tmp_path):
    write_photo(tmp_path / "work" / "a.png")
    items = found_in(folder, tmp_path / "work", folder / "a.png")
    assert [item.name for item in items][-2:] == ["holiday/rome/day 2/b.png", "work/a.png"]
    assert len(items) == 5


def test_files_of_the_same_name_get_names_of_their_own(tmp_path):
    files = [write_photo(tmp_path / place / "a.png") for place in ("x", "y", "z")]
    names = outputs(with_outputs(found_in(*files), tmp_path / "out", "painted", ".jpg"), tmp_path / "out")
    assert names == ["a.png painted.jpg", "a 2 painted.jpg", "a 3 painted.jpg"]


def test_very_long_names_stay_names(tmp_path):
    files = [write_photo(tmp_path / place / f"{'n' * 250}.png") for place in ("x", "y")]
    for item in with_outputs(found_in(*files), tmp_path, "painted", ".jpg"):
        item.output.touch()
    assert len(list(tmp_path.glob("*.jpg"))) == 2


def test_the_painting_among_the_photos_is_no_photo(folder):
    painting = write_painting(folder / "stripes.png")
    assert "stripes.png" not in [item.name for item in found_in(folder, leave_out=[painting])]


@pytest.mark.parametrize("to", [".", "rome", "painted"])
def test_results_among_the_photos_are_no_photos_the_next_time(folder, library, to):
    first = placed(folder, folder / to)
    for item in first:
        make(item, BRIGHTER, library)
    again = placed(folder, folder / to)
    assert [item.output for item in again] == [item.output for item in first]


def test_nothing_to_be_found_says_so(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudioError, match="no pictures in “empty”"):
        found_in(tmp_path / "empty")
    with pytest.raises(StudioError, match="is not there"):
        found_in(tmp_path / "gone")


# -- doing it ----------------------------------------------------------------------------------------------------------


def test_what_is_done_is_skipped_and_what_was_set_otherwise_is_made_anew(folder, library, tmp_path):
    item, *_ = placed(folder, tmp_path / "out")
    made = make(item, BRIGHTER, library)
    assert (made.path, made.skipped, made.width, made.height) == (item.output, False, 48, 32)
    assert read_recipe(made.path).settings["exposure"] == 1.0
    stamp = made.path.stat().st_mtime_ns
    assert make(item, BRIGHTER, library).skipped
    assert made.path.stat().st_mtime_ns == stamp
    darker = BatchLook(ADJUST, AdjustSettings(exposure=-1.0))
    assert not make(item, darker, library).skipped
    assert read_recipe(made.path).settings["exposure"] == -1.0
    Image.new("RGB", (48, 32), "red").save(item.photo)
    with pytest.raises(StudioError, match="not made from this photo"):
        make(item, darker, library)


def test_a_picture_that_was_painted_by_hand_is_not_replaced(folder, library, tmp_path):
    item, *_ = placed(folder, tmp_path / "out")
    photo = load_picture(item.photo)
    steered = Recipe(
        task="adjust", settings={}, steering=(SteeringStep(at=3, action="stop"),),
        inputs=(InputRecord(role="content", name=photo.name, sha256=photo.sha256),),
    )  # fmt: skip
    item.output.parent.mkdir()
    save_picture(item.output, photo.pixels, recipe=steered)
    before = item.output.read_bytes()
    with pytest.raises(StudioError, match="painted by hand"):
        make(item, BRIGHTER, library)
    assert item.output.read_bytes() == before


def test_results_for_the_library_are_found_there_by_their_recipes(folder, library):
    item = with_outputs(found_in(folder / "a.png"), None, "adjusted", ".png")[0]
    first = make(item, BRIGHTER, library)
    assert first.path == library.entries()[0].path
    known = finish(made_before(library))
    again = make(item, replace(BRIGHTER, made_before=known), library)
    assert (again.path, again.skipped) == (first.path, True)
    other = make(item, BatchLook(ADJUST, AdjustSettings(exposure=2.0), made_before=known), library)
    assert not other.skipped
    first.path.unlink()
    assert not make(item, replace(BRIGHTER, made_before=known), library).skipped


def test_a_painting_says_how_far_it_is_and_is_skipped_the_next_time(folder, library, tmp_path):
    painting = load_picture(write_painting(tmp_path / "stripes.png"))
    settings = StyleSettings(size=64, steps=4, backbone="squeezenet1_1:untrained", style_mix=(0.5,))
    look = BatchLook(STYLIZE, settings, {"style": (painting,)})
    item = with_outputs(found_in(folder / "a.png"), tmp_path / "out", "painted", ".jpg")[0]
    events, _ = run(make_item, ItemTask(item, look, library), Controls(settings))
    assert not any(isinstance(event, Preview) for event in events)
    assert max(getattr(event, "share", None) or 0.0 for event in events) > 0.5
    assert make(item, look, library).skipped
    assert library.find_input(painting.sha256, painting.name) is not None
    photo = load_picture(item.photo)
    assert library.find_input(photo.sha256, photo.name) == item.photo  # noted, not copied
    assert {path.suffix for path in library.inputs.iterdir()} == {".png", ".place"}


def test_a_photo_that_cannot_be_opened_or_written_says_why(folder, library, tmp_path):
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    broken = BatchItem(folder / "broken.jpg", "broken.jpg", tmp_path / "out" / "x.png")
    with pytest.raises(StudioError, match=r"broken\.jpg"):
        make(broken, BRIGHTER, library)
    with pytest.raises(StudioError, match="not there"):
        make(replace(broken, photo=folder / "gone.png"), BRIGHTER, library)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudioError, match="folder"):
        make(BatchItem(folder / "a.png", "a.png", tmp_path / "file" / "x.png"), BRIGHTER, library)


def test_the_report_counts_and_names_what_failed():
    states = [State(Outcome.MADE)] * 2 + [State(Outcome.SKIPPED), State(Outcome.FAILED, cause="No.", remedy="Do.")]
    report = Report.of([(BatchItem(Path(f"{n}.png"), f"{n}.png"), state) for n, state in enumerate(states)], "painted")
    assert report.sentence == "4 photos: 2 painted, 1 done before, 1 failed"
    assert report.failures == (("3.png", "No.", "Do."),)
    assert report.by_word == {"waiting": 0, "made": 2, "skipped": 1, "failed": 1, "cancelled": 0}


# -- as a file ---------------------------------------------------------------------------------------------------------


def begin(folder, library, tmp_path, look=BRIGHTER, to=None):
    task = BeginTask(found_in(folder), look, library, to, ".tif", ai_mark=False)
    return finish(begin_batch(task, Controls(Settings())))


def find(library, task=ADJUST):
    return run(find_batches, (library, task))[1]


def test_a_batch_that_was_broken_off_is_found_with_what_is_over(folder, library, tmp_path):
    painting = load_picture(write_painting(tmp_path / "stripes.png"))
    look = BatchLook(STYLIZE, StyleSettings(size=64), {"style": (painting,)})
    batch, begun = begin(folder, library, tmp_path, look, tmp_path / "out")
    assert find(library, STYLIZE) == ()  # somebody works on it
    run(note_outcome, (batch, {0: Outcome.MADE, 2: Outcome.CANCELLED}))
    batch.file.write_bytes(batch.file.read_bytes() + b'[1, "ma')  # torn by a power cut
    batch.lock.release()
    (tmp_path / "stripes.png").unlink()
    assert find(library, ADJUST) == ()
    (found,) = find(library, STYLIZE)
    assert (found.items, found.settings, found.ai_mark) == (batch.items, look.settings, False)
    assert found.outcomes == {0: Outcome.MADE, 2: Outcome.CANCELLED}
    again = run(look_again, (library, found))[1]
    assert again.trunk("f" * 64) == begun.trunk("f" * 64)
    assert np.array_equal(again.inputs["style"][0].pixels, painting.pixels)
    run(forget_batch, found)
    assert find(library, STYLIZE) == ()
    assert list((library.root / ".queues").iterdir()) == []


def test_a_batch_that_is_done_or_cannot_be_read_is_put_away(folder, library, tmp_path):
    batch, _ = begin(folder, library, tmp_path)
    run(note_outcome, (batch, dict.fromkeys(range(len(batch.items)), Outcome.MADE)))
    batch.lock.release()
    damaged = batch.file.with_name("adjust-damaged.jsonl")
    damaged.write_text("{")
    assert find(library) == ()
    assert not batch.file.exists()
    assert not damaged.exists()


def test_without_its_painting_a_batch_cannot_be_gone_on_with(folder, library, tmp_path):
    painting = load_picture(write_painting(tmp_path / "stripes.png"))
    batch, _ = begin(folder, library, tmp_path, BatchLook(STYLIZE, StyleSettings(), {"style": (painting,)}))
    for path in library.inputs.iterdir():
        path.unlink()
    with pytest.raises(StudioError, match=r"“stripes\.png”, which goes into this queue"):
        run(look_again, (library, batch))
    batch.lock.release()
