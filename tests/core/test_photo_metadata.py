"""What the photo says of itself goes into the picture: rights, date, camera; where it was taken only when asked."""

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from studio.core.atomic import WriteError, write_file
from studio.core.images import load_bytes
from studio.core.photo_metadata import read_photo_metadata
from studio.core.picture_metadata import PhotoMetadata, find_recipe_json
from studio.core.picture_saving import encode

KINDS = ("JPEG", "PNG", "WebP", "TIFF")
XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" photoshop:Credit="Ada &amp; Co" photoshop:City="Turin"
 crs:Exposure="+1"><dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Ada</rdf:li></rdf:Alt></dc:rights>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def signed_photo(kind="JPEG", size=(24, 16)):
    """Return a photo as cameras and their owners write it."""
    exif = Image.Exif()
    exif[33432], exif[315], exif[271], exif[274] = "© Ada".encode(), "Ada", "Leica", 6
    exif[282], exif[283], exif[296] = 300.0, 300.0, 2
    exif.get_ifd(34665).update({36867: "2026:05:01 12:00:00", 42036: "Summicron", 37500: b"private" * 9, 40962: 9999})
    exif.get_ifd(34853).update({1: "N", 2: (45.0, 4.0, 0.0)})
    out = BytesIO()
    options = {} if kind == "WebP" else {"dpi": (300, 300)}
    Image.new("RGB", size, "teal").save(out, kind, exif=exif.tobytes(), xmp=XMP, **options)
    return out.getvalue()


def saved(metadata, kind, recipe=None):
    picture = np.full((10, 20, 3), 90, np.uint8)
    return encode(kind, picture, recipe=recipe, photo=metadata)


def told(data):
    with Image.open(BytesIO(data)) as image:
        exif = image.getexif()
        return exif, exif.get_ifd(34665), exif.get_ifd(34853), image.info


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WebP"])
def test_author_date_and_lens_are_kept(kind, source):
    data = saved(read_photo_metadata(signed_photo(source), "keep"), kind)
    main, details, place, _ = told(data)
    owner = main[33432].encode("latin-1").decode()  # Pillow takes Exif's bytes for Latin-1
    assert owner == ("?? Ada" if source == "TIFF" else "© Ada")  # and so it wrote the TIFF file
    assert (main[315], main[271]) == ("Ada", "Leica")
    assert details[36867] == "2026:05:01 12:00:00"
    assert details[42036] == "Summicron"
    assert 37500 not in details
    assert 40962 not in details
    assert not place
    assert main.get(274, 1) == 1
    assert load_bytes(data, "a").pixels.shape == (10, 20, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_resolution_is_kept(kind):
    *_, info = told(saved(read_photo_metadata(signed_photo(), "keep"), kind))
    assert info["dpi"] == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_the_place_is_kept_only_when_wanted(kind):
    _, _, place, _ = told(saved(read_photo_metadata(signed_photo(), "location"), kind))
    assert place[1] == "N"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_where_nothing_is_wanted(kind):
    data = saved(read_photo_metadata(signed_photo(), "none"), kind)
    main, details, place, _ = told(data)
    assert 33432 not in main
    assert not details
    assert not place
    assert b"Ada" not in data


@pytest.mark.parametrize("kind", KINDS)
def test_rights_in_xmp_are_kept_beside_the_recipe(kind, recipe):
    data = saved(read_photo_metadata(signed_photo(), "keep"), kind, recipe)
    assert "© Ada".encode() in data
    assert b"Ada &amp; Co" in data
    assert b"Turin" not in data
    assert b"Exposure" not in data
    assert find_recipe_json(data) == recipe.to_json()
    again = read_photo_metadata(data, "keep")  # a picture made from a picture
    assert "© Ada" in again.xmp
    assert again.xmp.count("</dc:rights>") == 1


def test_the_place_in_words_is_kept_when_wanted():
    assert "Turin" in read_photo_metadata(signed_photo(), "location").xmp


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", signed_photo()[:60], b"\xff\xd8\xff\xe1\0\x10Exif\0\0garbage!", b"\x89PNG\r\n\x1a\n\0\0"],
)
def test_what_cannot_be_read_is_left_out(data):
    assert isinstance(read_photo_metadata(data, "location"), PhotoMetadata)


def test_a_field_of_the_wrong_type_costs_only_itself():
    entries = [(315, 2, 4, b"Ada\0"), (282, 2, 4, b"abc\0"), (18246, 1, 1, b"\x05\0\0\0"), (33432, 3, 1, b"\x07\0\0\0")]
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHI", *e[:3]) + e[3] for e in sorted(entries))
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + body + bytes(4))
    main, *_ = told(saved(read_photo_metadata(out.getvalue(), "keep"), "JPEG"))
    assert main[315] == "Ada"


def test_a_write_protected_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "master.png"
    path.write_bytes(b"precious")
    path.chmod(0o444)
    with pytest.raises(WriteError, match="write-protected"):
        write_file(path, b"new")
    assert path.read_bytes() == b"precious"
    assert [each.name for each in tmp_path.iterdir()] == ["master.png"]
