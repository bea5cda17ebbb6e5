"""Saved files, read back by the studio and by other programs' eyes (Pillow, tifffile, an XML parser)."""

import contextlib
import hashlib
import os
import re
import struct
import subprocess
import sys
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from studio.core.atomic import WriteError
from studio.core.images import PictureError, load_bytes, load_picture, read_recipe, save_picture
from studio.core.picture_metadata import digital_source_type
from studio.core.picture_saving import encode
from studio.core.recipes import Recipe, RecipeError

KINDS = ["PNG", "JPEG", "TIFF", "WebP"]
SUFFIX = {"PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "WebP": ".webp"}
MARK = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def xmp_of(data):
    """The XMP packet, as another program finds it."""
    with Image.open(BytesIO(data)) as image:
        if image.format == "TIFF":
            return bytes(image.tag_v2.get(700, b""))
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return packet.encode() if isinstance(packet, str) else packet


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("alpha", [False, True])
def test_pixels_survive(scene, recipe, kind, alpha):
    picture = np.dstack([scene, scene[..., 1]]) if alpha else scene
    loaded = load_bytes(encode(kind, picture, recipe=recipe, quality=100), "a")
    if kind == "JPEG":
        opacity = picture[..., 3:] / 65535 if alpha else 1.0
        expected = (scene * opacity + 65535 * (1 - opacity)) / 257
        assert loaded.pixels.shape == scene.shape
        assert np.abs(loaded.pixels - expected).mean() < 1.5
    else:
        assert np.abs(loaded.pixels - picture / 257).max() <= 0.5
    assert loaded.bits == (16 if kind == "TIFF" else 8)


def test_16_bits_survive_exactly(scene, tmp_path):
    for name, bits in (("deep.png", 16), ("deep.tiff", None)):
        save_picture(tmp_path / name, scene, recipe=None, bits=bits)
    assert np.array_equal(tifffile.imread(tmp_path / "deep.tiff"), scene)
    assert load_picture(tmp_path / "deep.png").bits == 16
    # Pillow reads the upper byte of 16-bit PNGs
    assert np.array_equal(Image.open(tmp_path / "deep.png"), scene >> 8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", ["short", "long"])
def test_the_recipe_survives(scene, recipe, long_recipe, kind, size):
    wanted = recipe if size == "short" else long_recipe
    data = encode(kind, scene, recipe=wanted)
    assert read_recipe(data) == wanted
    loaded = load_bytes(data, "a")
    assert loaded.recipe == wanted
    assert loaded.recipe_problem == ""


awkward = st.text(max_size=40) | st.sampled_from(
    ["]]>", "<!--", "-->", "&amp;", "'\"`", "\ud800", "\x00\x1f", "😀\u2028", "</x>"]
)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    words=st.dictionaries(awkward, awkward | st.floats(-1e9, 1e9) | st.booleans(), max_size=4),
)
def test_any_words_survive(kind, words):
    recipe = Recipe(task="stylize", settings=words)
    assert read_recipe(encode(kind, np.zeros((4, 4, 3), np.uint8), recipe=recipe)) == recipe


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_carries_the_mark_of_ai_made_pictures(scene, recipe, kind):
    packet = xmp_of(encode(kind, scene, recipe=recipe)).decode().strip("\ufeff\0")
    found = ElementTree.fromstring(packet).find(".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert found.text == MARK


@pytest.mark.parametrize("kind", KINDS)
def test_the_mark_can_be_left_out_and_the_recipe_stays(scene, recipe, kind):
    data = encode(kind, scene, recipe=recipe, ai_mark=False)
    assert b"digitalsourcetype" not in data
    assert read_recipe(data) == recipe


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_without_recipe_has_none(scene, kind):
    data = encode(kind, scene, recipe=None, ai_mark=False)
    assert read_recipe(data) is None
    assert load_bytes(data, "a").recipe is None


def test_pure_texture_is_marked_as_generated(recipe):
    assert digital_source_type(recipe) == digital_source_type(None) == MARK
    texture = recipe.model_copy(update={"settings": {"mode": "texture"}})
    assert digital_source_type(texture).endswith("/trainedAlgorithmicMedia")


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_no_network_had_part_in_is_not_marked(scene, recipe, kind):
    by_hand = recipe.model_copy(update={"task": "adjust", "weights": ()})
    assert b"digitalsourcetype" not in encode(kind, scene, recipe=by_hand)


def test_a_long_recipe_in_a_jpeg_follows_adobes_extended_xmp(scene, long_recipe):
    data = encode("JPEG", scene, recipe=long_recipe)
    name = re.search(rb"<xmpNote:HasExtendedXMP>([0-9A-F]{32})<", xmp_of(data)).group(1)
    extension, place = b"", 2
    while data[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, place + 2)
        body = data[place + 4 : place + 2 + length]
        if body.startswith(b"http://ns.adobe.com/xmp/extension/\0"):
            total, offset = struct.unpack_from(">II", body, 67)
            assert body[35:67] == name
            assert offset == len(extension)
            extension += body[75:]
        place += 2 + length
    assert len(extension) == total > 200_000
    assert hashlib.md5(extension).hexdigest().upper().encode() == name
    ElementTree.fromstring(extension.decode().strip("\ufeff"))


def test_a_recipe_rewritten_as_an_attribute_is_found(scene, recipe):
    """As other programs may write the same XMP."""
    value = recipe.to_json().replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:a="urn:atelier-studio:recipe#" a:recipe="{value}"/></rdf:RDF></x:xmpmeta>'
    )
    out = BytesIO()
    Image.new("RGB", (4, 4)).save(out, "WEBP", xmp=packet.encode())
    assert read_recipe(out.getvalue()) == recipe


@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_recipe_opens_as_a_plain_picture_that_says_why(scene, recipe, kind):
    data = encode(kind, scene, recipe=recipe.model_copy(update={"version": 99}))
    loaded = load_bytes(data, "a")
    assert loaded.recipe is None
    assert "newer Atelier" in loaded.recipe_problem
    with pytest.raises(RecipeError, match="newer"):
        read_recipe(data)


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(KINDS), data=st.data())
def test_reading_a_recipe_from_damaged_bytes_never_trips(kind, data):
    whole = bytearray(encode(kind, np.zeros((4, 4, 3), np.uint8), recipe=Recipe(task="stylize", settings={"a": 1})))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    with contextlib.suppress(RecipeError):
        assert read_recipe(cut) is None or read_recipe(cut).task


# --- colour profiles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_photos_profile_comes_out_again(scene, wide_profile, kind):
    calm = scene // 2 + 16384
    data = encode(kind, calm, recipe=None, icc_profile=wide_profile, quality=100)
    loaded = load_bytes(data, "a")
    assert loaded.icc_profile == wide_profile
    difference = np.abs(loaded.pixels - calm / 257)
    assert difference.mean() < 1.0
    assert difference.max() <= (8 if kind == "JPEG" else 2)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_usable_profile_srgb_is_embedded(scene, grey_profile, kind):
    for profile in (None, grey_profile, b"nonsense"):
        embedded = load_bytes(encode(kind, scene, recipe=None, icc_profile=profile), "a").icc_profile
        assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(embedded)))


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.jpg", "a.jpeg", "a.tif", "a.tiff", "a.webp"])
def test_the_suffix_chooses_the_format(tmp_path, scene, recipe, name):
    save_picture(tmp_path / name, scene, recipe=recipe)
    formats = {"p": "PNG", "j": "JPEG", "t": "TIFF", "w": "WEBP"}
    with Image.open(tmp_path / name) as image:
        assert image.format == formats[name[2].lower()]
    assert read_recipe(tmp_path / name) == recipe
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["picture", "picture.xyz", "picture.svg"])
def test_an_unknown_suffix_is_refused(tmp_path, scene, name):
    with pytest.raises(PictureError, match="names no picture format") as caught:
        save_picture(tmp_path / name, scene, recipe=None)
    assert ".png" in caught.value.remedy


def test_a_picture_too_long_for_the_format_is_refused(tmp_path):
    with pytest.raises(PictureError, match="up to 16383 pixels"):
        save_picture(tmp_path / "long.webp", np.zeros((1, 16_384, 3), np.uint8), recipe=None)


def test_what_was_there_is_replaced_and_keeps_its_permissions(tmp_path, scene):
    path = tmp_path / "a.png"
    path.write_bytes(b"older")
    path.chmod(0o640)
    save_picture(path, scene, recipe=None)
    assert np.abs(load_picture(path).pixels - scene / 257).max() <= 0.5
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_keeps_pointing_where_it_did(tmp_path, scene):
    (tmp_path / "real.png").write_bytes(b"older")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    save_picture(tmp_path / "link.png", scene, recipe=None)
    assert (tmp_path / "link.png").is_symlink()
    assert load_picture(tmp_path / "real.png").width == 60


@pytest.mark.parametrize(
    ("name", "words"), [("none/a.png", "folder is not there"), ("taken.png", "folder has this name"),
                        ("x" * 300 + ".png", "name is too long")],
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_named(tmp_path, scene, name, words):
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(WriteError, match=words):
        save_picture(tmp_path / name, scene, recipe=None)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_folder_that_may_not_be_written(open_folder, ordinary_user, scene):
    folder = open_folder / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    with ordinary_user(), pytest.raises(WriteError, match="no permission") as caught:
        save_picture(folder / "a.png", scene, recipe=None)
    assert "another folder" in caught.value.remedy


CRAMPED = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from studio.core.images import save_picture
noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    save_picture(Path(sys.argv[1]), noise, recipe=None)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
def test_a_disk_that_takes_no_more_leaves_the_older_file_alone(tmp_path):
    """In a process whose files may not grow beyond 20 KB, as on a full disk."""
    path = tmp_path / "a.png"
    path.write_bytes(b"older")
    said = subprocess.run([sys.executable, "-c", CRAMPED, path], capture_output=True, text=True, check=True).stdout
    assert said.startswith("WriteError")
    assert "cannot hold a file of that size" in said
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_reading_a_recipe_from_a_file_that_is_not_there(tmp_path):
    with pytest.raises(PictureError, match="is not there"):
        read_recipe(tmp_path / "gone.png")
