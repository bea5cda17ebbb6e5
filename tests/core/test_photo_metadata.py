"""What the photo says of itself goes into the picture: rights, date, camera; where it was taken only when asked."""

import os
import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

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


@pytest.mark.parametrize("kind", KINDS)
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


def dpi_in(data):
    """Return the resolution that a file says, in its header or in Exif."""
    with Image.open(BytesIO(data)) as image:
        exif = image.getexif()
        return image.info.get("dpi") or (exif.get(282), exif.get(283)) if exif.get(296) == 2 else image.info.get("dpi")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", [1, 2, 3])
def test_a_resolution_that_only_exif_tells_is_kept_in_inches(kind, unit):
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 118.0, 59.0, unit
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif.tobytes())
    dpi = dpi_in(saved(read_photo_metadata(out.getvalue(), "keep"), kind))
    expected = {1: None, 2: (118.0, 59.0), 3: (299.72, 149.86)}[unit]
    if expected is None:  # without a unit the numbers are a proportion
        assert dpi in (None, (None, None), (1.0, 1.0))
    else:
        assert tuple(float(each) for each in dpi) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_resolution_that_only_the_header_tells_is_kept(kind):
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", dpi=(240, 120))
    dpi = dpi_in(saved(read_photo_metadata(out.getvalue(), "keep"), kind))
    assert tuple(float(each) for each in dpi) == pytest.approx((240, 120), abs=0.5)


def iptc(*records):
    return b"".join(b"\x1c\2" + struct.pack(">BH", number, len(text)) + text for number, text in records)


def as_jpeg(records):
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    body = b"Photoshop 3.0\0" + b"8BIM\4\4\0\0" + struct.pack(">I", len(records)) + records + bytes(len(records) % 2)
    data = out.getvalue()
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(body) + 2) + body + data[2:]


def as_tiff(records, numbers=False):
    out = BytesIO()
    records += bytes(-len(records) % 4)
    tag = (33723, "I", len(records) // 4, struct.unpack(f"<{len(records) // 4}I", records), True)
    tag = tag if numbers else (33723, "B", len(records), records, True)
    array = np.zeros((4, 4, 3), np.float32)  # which Pillow does not open
    tifffile.imwrite(out, array, photometric="rgb", metadata=None, extratags=[tag], resolution=(200, 200))
    return out.getvalue()


def as_psd(records):
    def resource(number, body):
        return (
            b"8BIM" + struct.pack(">H", number) + b"\0\0" + struct.pack(">I", len(body)) + body + bytes(len(body) % 2)
        )

    exif = Image.Exif()
    exif[315] = "Ada"
    resolution = struct.pack(">IHHIHH", 200 << 16, 1, 1, 200 << 16, 1, 1)
    resources = resource(1028, records) + resource(1005, resolution)
    resources += resource(1058, exif.tobytes().removeprefix(b"Exif\0\0"))
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 2, 2, 8, 3)
    return head + bytes(4) + struct.pack(">I", len(resources)) + resources + bytes(4) + b"\0\0" + bytes(12)


@pytest.mark.parametrize("source", [as_jpeg, as_tiff, lambda records: as_tiff(records, numbers=True), as_psd])
def test_by_lines_of_agencies_are_kept_as_xmp(source):
    records = iptc((80, b"Zo\xc3\xab"), (80, b"Ada"), (116, b"\xa9 Agency"), (90, b"Turin"), (110, b"Agency & Co"))
    written = saved(read_photo_metadata(source(records), "keep"), "JPEG")
    for text in ("<rdf:li>Zoë</rdf:li><rdf:li>Ada</rdf:li>", ">© Agency<", ">Agency &amp; Co<"):
        assert text.encode() in written
    assert b"Turin" not in written
    assert b"Turin" in saved(read_photo_metadata(source(records), "location"), "JPEG")


def test_what_xmp_says_already_is_not_said_twice():
    data = as_jpeg(iptc((116, b"(c) Somebody else"), (80, b"Ada")))
    packet = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    both = data[:2] + b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet + data[2:]
    kept = read_photo_metadata(both, "keep").xmp
    assert "© Ada" in kept
    assert "Somebody else" not in kept
    assert ">Ada</rdf:li>" in kept


def test_a_psds_resolution_and_exif_are_kept():
    kept = read_photo_metadata(as_psd(b""), "keep")
    assert kept.dpi == (200.0, 200.0)
    assert told(saved(kept, "PNG"))[0][315] == "Ada"


def test_a_deep_tiffs_resolution_is_kept():
    assert read_photo_metadata(as_tiff(b""), "keep").dpi == (200.0, 200.0)


def test_an_avifs_rights_are_kept():
    kept = read_photo_metadata(signed_photo("AVIF"), "keep")
    assert "© Ada" in kept.xmp
    assert kept.dpi == (300.0, 300.0)
    assert told(saved(kept, "JPEG"))[0][315] == "Ada"


def test_a_pngs_texts_are_kept():
    texts = PngInfo()
    texts.add_text("Author", "Ada")
    texts.add_itxt("Copyright", "© Ada")
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=texts)
    data = out.getvalue()
    begin, end = data.index(b"tEXt") - 4, data.index(b"IDAT") - 4
    for written in (data, data[:begin] + data[end:-12] + data[begin:end] + data[-12:]):  # behind the pixels as well
        kept = read_photo_metadata(written, "keep").xmp
        assert "<rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq>" in kept
        assert ">© Ada</rdf:li>" in kept
    assert read_photo_metadata(data, "none") == PhotoMetadata()


@pytest.mark.parametrize("cut", [1, 3, 4, 7, 11])
def test_records_that_break_off_cost_only_themselves(cut):
    records = iptc((80, b"Ada"), (116, b"Agency"))
    assert ">Ada</rdf:li>" in read_photo_metadata(as_jpeg(records[:-cut]), "keep").xmp


def test_a_pipe_is_not_replaced_by_a_picture(tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    with pytest.raises(WriteError, match="a device or a pipe"):
        write_file(pipe, b"new")
    assert pipe.is_fifo()


def test_a_write_protected_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "master.png"
    path.write_bytes(b"precious")
    path.chmod(0o444)
    with pytest.raises(WriteError, match="write-protected"):
        write_file(path, b"new")
    assert path.read_bytes() == b"precious"
    assert [each.name for each in tmp_path.iterdir()] == ["master.png"]
