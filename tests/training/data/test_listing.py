"""Which files folders, files and lists mean."""

import sys

import pytest
from picture_files import save

from studio.core.failures import StudioError
from studio.training.data.listing import find_pictures


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_means_every_picture_below_it_in_the_order_of_paths(tmp_path):
    for name in ("b/2.jpg", "b/10.jpg", "a.PNG", "b/deep/er/x.webp", "c.tif"):
        save(tmp_path / name)
    (tmp_path / "notes.md").write_text("no picture")
    assert names(find_pictures([tmp_path]), tmp_path) == ["a.PNG", "b/10.jpg", "b/2.jpg", "b/deep/er/x.webp", "c.tif"]


def test_what_is_hidden_stays_so(tmp_path):
    for name in ("seen.png", ".hidden.png", ".thumbnails/x.png", "__MACOSX/y.png", "._seen.png", "@eaDir/z.png",
                 "lost+found/a.png"):  # fmt: skip
        save(tmp_path / name)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).write_bytes(b"the system's own")
    assert names(find_pictures([tmp_path]), tmp_path) == ["seen.png"]
    chosen = [tmp_path / name for name in ("seen.png", "._seen.png", "Thumbs.db", ".hidden.png")]
    assert names(find_pictures(chosen), tmp_path) == ["seen.png", ".hidden.png"]  # that one was meant


def test_a_wastebasket_that_is_named_itself_is_meant(tmp_path):
    save(tmp_path / "#recycle" / "1.png")
    assert names(find_pictures([tmp_path / "#recycle"]), tmp_path) == ["#recycle/1.png"]


def test_several_sources_come_in_their_order_and_every_file_once(tmp_path):
    save(tmp_path / "one" / "x.png")
    save(tmp_path / "two" / "y.png")
    found = find_pictures([tmp_path / "two", tmp_path, tmp_path / "one" / ".." / "one" / "x.png"])
    assert names(found, tmp_path) == ["two/y.png", "one/x.png"]


def test_a_list_names_files_and_folders_relative_to_itself(tmp_path):
    save(tmp_path / "pictures" / "x.png")
    save(tmp_path / "more" / "ü.png")
    listing = tmp_path / "lists" / "data.txt"
    listing.parent.mkdir()
    listing.write_bytes("\ufeff# mine\r\n\r\n../more/ü.png\r\n../pictures\r\n".encode())
    assert names(find_pictures([listing]), tmp_path) == ["more/ü.png", "pictures/x.png"]


def test_a_wrong_line_of_a_list_is_named(tmp_path):
    save(tmp_path / "x.png")
    (tmp_path / "data.txt").write_text("x.png\nmissing.png\n")
    with pytest.raises(StudioError, match=r"Line 2 of “data\.txt”.*missing\.png"):
        find_pictures([tmp_path / "data.txt"])


def test_a_file_that_is_named_may_be_called_anything(tmp_path):
    path = save(tmp_path / "x.png").rename(tmp_path / "picture")
    assert find_pictures([path]) == [path]


@pytest.mark.parametrize("sources", [[], ["empty"]])
def test_no_pictures_is_an_error_with_a_remedy(tmp_path, sources):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudioError) as caught:
        find_pictures([tmp_path / name for name in sources])
    assert caught.value.remedy.startswith("Choose a folder with pictures")


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(StudioError, match="gone is not there"):
        find_pictures([tmp_path / "gone"])


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_followed_but_not_in_a_circle(tmp_path):
    save(tmp_path / "real" / "x.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "round").symlink_to(tmp_path)
    (tmp_path / "real" / "nothing").symlink_to("nothing")
    (tmp_path / "real" / "y.png").symlink_to("y.png")
    assert names(find_pictures([tmp_path / "link"]), tmp_path) == ["link/x.png"]
