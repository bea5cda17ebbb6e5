"""Files with more than one picture in them, and those of other programs that are refused by name."""

from io import BytesIO

import numpy as np
import pytest
import tifffile
from foreign_kit import deep, near, opened

from studio.core.images import PictureError, load_bytes


def pages(*written):
    """Return a TIFF file of several pages, each given as its array and options."""
    out = BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for array, options in written:
            writer.write(array, metadata=None, **options)
    return out.getvalue()


RGB = {"photometric": "rgb"}


@pytest.mark.parametrize("options", [{"subfiletype": 1}, {}])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("bits", [8, 16])
def test_the_picture_behind_a_thumbnail_is_opened(scene, options, compression, bits):
    full = scene if bits == 16 else (scene / 257).round().astype(np.uint8)
    data = pages((full[::4, ::4], RGB | options), (full, RGB | {"compression": compression}))
    near(opened(data), scene)
    if bits == 16:
        assert np.array_equal(deep(data), scene)


def test_the_picture_in_a_directory_below_the_thumbnail_is_opened(scene):
    data = pages((scene[::4, ::4], RGB | {"subfiletype": 1, "subifds": 1}), (scene, RGB))
    near(opened(data), scene)
    big = BytesIO()
    with tifffile.TiffWriter(big, bigtiff=True) as writer:
        writer.write(scene[::4, ::4], metadata=None, subfiletype=1, subifds=1, **RGB)
        writer.write(scene, metadata=None, **RGB)
    near(opened(big.getvalue()), scene)


def test_a_pyramid_gives_its_base_and_a_document_its_first_page(scene):
    pyramid = pages(
        (scene, RGB | {"subifds": 2}),
        (scene[::2, ::2], RGB | {"subfiletype": 1}),
        (scene[::4, ::4], RGB | {"subfiletype": 1}),
    )
    near(opened(pyramid), scene)
    document = pages((scene, RGB), (np.pad(scene, ((0, 9), (0, 9), (0, 0))), RGB))
    near(opened(document), scene)


def test_masks_and_turned_pictures_behind_thumbnails(scene):
    mask = np.zeros((400, 600), bool)
    turn = {"extratags": [(274, "H", 1, 3, True)]}
    data = pages(
        (scene[::4, ::4], RGB | {"subfiletype": 1}),
        (mask, {"photometric": "minisblack", "subfiletype": 4}),
        (scene, RGB | turn),
    )
    near(opened(data), scene[::-1, ::-1])


@pytest.mark.parametrize(
    "head",
    [
        b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIU\0\x18\0\0\0", b"II*\0\x10\0\0\0CR\2\0", b"FOVb\3\0\3\0",
        b"\0\0\0\x18ftypcrx \0\0\0\1", b"\0MRM\0\0\0\1",
    ],
)  # fmt: skip
def test_raw_files_are_called_raw_files(head):
    with pytest.raises(PictureError, match="camera's raw file") as caught:
        load_bytes(head + bytes(200), "a")
    assert "export" in str(caught.value)


def test_a_raw_picture_behind_a_thumbnail_is_named(scene):
    raw = scene[..., 0]
    below = pages((scene[::4, ::4], RGB | {"subfiletype": 1, "subifds": 1}), (raw, {"photometric": "cfa"}))
    first = pages((raw, {"photometric": "cfa"}))
    for data in (below, first):
        with pytest.raises(PictureError, match="camera's raw file"):
            load_bytes(data, "a")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(50), "HEIC"),
        (b"\xff\x0a" + bytes(50), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"v/1\1" + bytes(50), "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance"),
        (b"gimp xcf v011\0", "GIMP"),
        (b"8BPS\0\2" + bytes(50), "PSB"),
    ],
)
def test_other_programs_files_are_named(data, word):
    with pytest.raises(PictureError, match=word):
        load_bytes(data, "a")
