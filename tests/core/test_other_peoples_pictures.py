"""Pictures as other programs write them: floats, extra channels, thumbnails first, broken metadata, linear light."""

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from studio.core.images import PictureError, full_depth, load_bytes
from studio.core.picture_saving import encode


def tiff(array, **options):
    out = BytesIO()
    tifffile.imwrite(out, array, metadata=None, **options)
    return out.getvalue()


def opened(data):
    return load_bytes(data, "a").pixels


def deep(data):
    return full_depth(load_bytes(data, "a"))


def saved(image, kind, **options):
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(png, *chunks):
    """Return a PNG file with chunks behind its header."""
    return png[:33] + b"".join(chunks) + png[33:]


@pytest.fixture
def photo(scene):
    """The scene in 8 bits, as a Pillow image."""
    return Image.fromarray((scene / 257).round().astype(np.uint8))


def near(pixels, scene, levels=1.0):
    full = 257 if pixels.dtype == np.uint16 else 1
    assert pixels.shape[:2] == scene.shape[:2]
    assert np.abs(pixels[..., :3] / full - scene / 257).max() <= levels


# Floats


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("highlight", [1.02, 7.0, 60_000.0, np.inf])
def test_floats_are_clipped_above_one(scene, kind, highlight):
    values = (scene / 65535).astype(kind)
    values[:6, :6] = highlight
    expected = scene.copy()
    expected[:6, :6] = 65535
    near(opened(tiff(values, photometric="rgb")), expected)
    near(deep(tiff(values, photometric="rgb")), expected)


def test_negative_floats_and_what_is_no_number_are_black(scene):
    values = (scene / 65535).astype(np.float32)
    values[0, 0], values[1, 1], values[2, 2] = -3.0, np.nan, -np.inf
    pixels = opened(tiff(values, photometric="rgb"))
    assert not pixels[[0, 1, 2], [0, 1, 2]].any()


@pytest.mark.parametrize("order", ["<", ">"])
def test_colour_and_grey_float_maps_open(scene, order):
    values = (scene / 65535).astype(np.float32)
    values[:6, :6] = 1.5
    head = b"\n60 40\n" + (b"-1.0\n" if order == "<" else b"1.0\n")
    expected = scene.copy()
    expected[:6, :6] = 65535
    near(opened(b"PF" + head + values[::-1].astype(order + "f4").tobytes()), expected)
    near(deep(b"PF" + head + values[::-1].astype(order + "f4").tobytes()), expected)
    grey = opened(b"Pf" + head + values[::-1, :, 0].astype(order + "f4").tobytes())
    near(grey, np.repeat(expected[..., :1], 3, axis=2))


def test_half_a_float_map_is_refused(scene):
    values = (scene / 65535).astype("<f4")
    with pytest.raises(PictureError, match="incomplete"):
        load_bytes(b"PF\n60 40\n-1.0\n" + values.tobytes()[:-400], "a")


# Metadata that is broken, pixels that are whole


def exif(orientation_field):
    """Return an Exif directory of one field, given as its twelve bytes."""
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + orientation_field + bytes(4)


BROKEN_EXIF = {
    "cut": exif(b"\x12\x01\x03\0\x01")[:-8],
    "garbage": b"Exif\0\0garbage garbage garbage",
    "empty": b"Exif\0\0",
    "orientation 9": exif(b"\x12\x01\x03\0\x01\0\0\0\x09\0\0\0"),
    "orientation 0": exif(b"\x12\x01\x03\0\x01\0\0\0\0\0\0\0"),
    "orientation as text": exif(b"\x12\x01\x02\0\x02\0\0\0\x36\0\0\0"),
    "orientation as byte": exif(b"\x12\x01\x01\0\x01\0\0\0\x06\0\0\0"),
    "orientation as fraction of nothing": exif(b"\x12\x01\x05\0\x01\0\0\0\0\0\0\0"),
    "endless directory": b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0",
}


@pytest.mark.parametrize("broken", BROKEN_EXIF.values(), ids=BROKEN_EXIF)
def test_unreadable_exif_leaves_a_picture_as_it_lies(photo, scene, broken):
    near(opened(saved(photo, "JPEG", quality=100, subsampling=0, exif=broken)), scene, 8)
    near(opened(saved(photo, "WEBP", lossless=True, exif=broken)), scene)
    near(opened(with_chunks(saved(photo, "PNG"), chunk(b"eXIf", broken.removeprefix(b"Exif\0\0")))), scene)
    near(opened(with_chunks(saved(photo, "PNG"), chunk(b"eXIf", broken))), scene)


@pytest.mark.parametrize(
    "broken",
    [
        chunk(b"iCCP", b"broken\0\0not compressed at all"),
        chunk(b"iCCP", b"no end of the name"),
        chunk(b"tEXt", b"Comment\0x")[:-1] + b"\0",
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n      20\nxyzzy not hexadecimal\n")),
        chunk(b"zTXt", b"Raw profile type exif\0\0broken stream"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0broken stream"),
        chunk(b"gAMA", b"\0"),
        chunk(b"cHRM", b"\0" * 32) + chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"pHYs", b"\0"),
        chunk(b"tIME", b""),
    ],
)
def test_broken_chunks_beside_the_pixels_do_not_stop_a_png(photo, scene, broken):
    near(opened(with_chunks(saved(photo, "PNG"), broken)), scene)


def test_a_broken_chunk_in_a_16_bit_png_costs_no_depth(scene):
    data = cv2.imencode(".png", scene[..., ::-1])[1].tobytes()
    broken = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n      20\nxyzzy\n"))
    assert np.array_equal(deep(with_chunks(data, broken)), scene)


def test_a_png_without_its_last_chunk_opens(photo, scene):
    near(opened(saved(photo, "PNG")[:-12]), scene)


def test_a_broken_chunk_does_not_excuse_missing_pixels(photo):
    data = saved(photo, "PNG")
    place = data.index(b"IDAT")
    length = int.from_bytes(data[place - 4 : place], "big")
    half = data[: place - 4] + chunk(b"IDAT", data[place + 4 : place + 4 + length // 2]) + data[-12:]
    with pytest.raises(PictureError):
        load_bytes(with_chunks(half, chunk(b"pHYs", b"")), "a")


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("spoilt", ["beginning", "middle", "all", "nothing"])
def test_a_png_whose_pixels_cannot_be_unpacked_is_refused(scene, bits, spoilt):
    """Never a black picture, nor half of one."""
    array = scene[..., ::-1] if bits == 16 else (scene[..., ::-1] / 257).round().astype(np.uint8)
    data = cv2.imencode(".png", array)[1].tobytes()
    place = data.index(b"IDAT")
    body = bytearray(data[place + 4 : place + 4 + int.from_bytes(data[place - 4 : place], "big")])
    if spoilt == "beginning":
        body[:2] = b"\0\0"
    elif spoilt == "middle":
        body[len(body) // 2 : len(body) // 2 + 40] = b"\xff" * 40
    else:
        body = bytearray(range(256)) * 2 if spoilt == "all" else bytearray()
    with pytest.raises(PictureError, match=r"damaged|incomplete"):
        load_bytes(data[:33] + chunk(b"IDAT", bytes(body)) + chunk(b"IEND", b""), "a")


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_jpeg_without_its_end_marker_is_whole(photo, scene, progressive, cut):
    near(opened(saved(photo, "JPEG", quality=100, subsampling=0, progressive=progressive)[:-cut]), scene, 8)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_a_jpeg_that_lacks_pixels_is_refused(photo, progressive, share):
    data = saved(photo.resize((640, 480)), "JPEG", quality=95, progressive=progressive)
    with pytest.raises(PictureError, match="incomplete"):
        load_bytes(data[: int(len(data) * share)], "a")


def test_a_broken_profile_in_several_pieces_is_none(photo, scene):
    data = saved(photo, "JPEG", quality=100, subsampling=0)
    piece = b"ICC_PROFILE\0\x02\x07" + b"x" * 50
    loaded = load_bytes(data[:2] + b"\xff\xe2" + struct.pack(">H", len(piece) + 2) + piece + data[2:], "a")
    near(loaded.pixels, scene, 8)


# Deep pictures with more channels, or other colours


def straight(scene):
    alpha = np.linspace(20_000, 65_535, scene.shape[1]).astype(np.uint16)[None, :, None].repeat(scene.shape[0], 0)
    return np.concatenate([scene, alpha], axis=2)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_channels_that_are_no_alpha_are_ignored(scene, kind):
    """A selection that was saved with the picture is not its transparency."""
    array = np.concatenate([scene, scene[..., :1]], axis=2)
    array = array if kind == np.uint16 else (array / 257).round().astype(np.uint8)
    pixels = opened(tiff(array, photometric="rgb", extrasamples=["unspecified"]))
    assert pixels.shape[2] == 3
    near(pixels, scene)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_declared_alpha_is_found_behind_other_channels(scene, planar):
    full = straight(scene)
    array = np.concatenate([scene, scene[..., 1:2], full[..., 3:]], axis=2)
    data = array if planar == "contig" else np.moveaxis(array, -1, 0)
    extra = ["unspecified", "unassalpha"]
    assert np.array_equal(deep(tiff(data, photometric="rgb", extrasamples=extra, planarconfig=planar)), full)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_premultiplied_alpha_is_undone(scene, kind):
    full = straight(scene)
    array = full.astype(np.float64)
    array[..., :3] *= array[..., 3:] / 65535
    array = array.round().astype(np.uint16) if kind == np.uint16 else (array / 257).round().astype(np.uint8)
    pixels = opened(tiff(array, photometric="rgb", extrasamples=["assocalpha"]))
    near(pixels, scene, 1 if kind == np.uint16 else 3)
    assert np.abs(pixels[..., 3] / 255 - full[..., 3] / 65535).max() <= 1 / 255


def lab_of(scene):
    """Return CIE L*a*b* (D50) of an sRGB scene, by the book and not by the code under test."""
    unit = scene / 65535
    light = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    matrix = [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
    xyz = light @ np.array(matrix).T / (0.9642, 1.0, 0.8249)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def test_lab_in_16_bits_is_converted(scene):
    lab = lab_of(scene)
    coded = np.stack([lab[..., 0] * 655.35, lab[..., 1] * 256, lab[..., 2] * 256], axis=-1).round()
    near(deep(tiff(coded.astype(np.int32).astype(np.uint16), photometric="cielab")), scene)
    coded = np.stack([lab[..., 0] * 652.8, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], axis=-1).round()
    near(deep(tiff(coded.astype(np.uint16), photometric="icclab")), scene)


def test_ycbcr_in_16_bits_is_converted(scene):
    r, g, b = (scene[..., channel].astype(np.float64) for channel in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    coded = np.stack([y, 32768 + (b - y) / 1.772, 32768 + (r - y) / 1.402], axis=-1).round().clip(0, 65535)
    near(deep(tiff(coded.astype(np.uint16), photometric="ycbcr")), scene)


def test_inverted_grey_with_alpha_is_set_right(scene):
    array = np.stack([65535 - scene[..., 0], scene[..., 1]], axis=-1)
    pixels = deep(tiff(array, photometric="miniswhite", extrasamples=["unassalpha"]))
    assert np.array_equal(pixels, scene[..., [0, 0, 0, 1]])


def test_12_bits_reach_white(scene):
    grey = (scene[..., 0] >> 4).astype(np.uint16)
    data = bytearray(tiff(grey, photometric="minisblack"))
    place = data.index(struct.pack("<HHI", 258, 3, 1))
    data[place + 8 : place + 10] = struct.pack("<H", 12)
    packed = np.packbits((grey[..., None] >> np.arange(11, -1, -1) & 1).astype(np.uint8).reshape(grey.shape[0], -1), 1)
    start = int(struct.unpack_from("<I", data, data.index(struct.pack("<HHI", 273, 4, 1)) + 8)[0])
    data[start : start + packed.nbytes] = packed.tobytes()
    pixels = opened(bytes(data))
    near(pixels, np.repeat(scene[..., :1], 3, axis=2), 17)


def test_deep_cmyk_ignores_what_is_behind_it(scene):
    inks = np.zeros((*scene.shape[:2], 5), np.uint16)
    inks[..., :3], inks[..., 4] = 65535 - scene, 7
    near(opened(tiff(inks, photometric="separated", extrasamples=["unspecified"])), scene, 2)


def psd(array, bits, mode=3, layers=0, packed=False):
    """Return a Photoshop document of one merged picture, H×W×C."""
    height, width, channels = array.shape
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", channels, height, width, bits, mode)
    layer = struct.pack(">Ih", 2, layers) + b"\0\0\0\0" if layers else b""
    sections = bytes(4) + bytes(4) + struct.pack(">I", len(layer)) + layer
    rows = np.moveaxis(array, -1, 0).astype({8: ">u1", 16: ">u2", 32: ">f4"}[bits])
    if not packed:
        return head + sections + b"\0\0" + rows.tobytes()
    lines = [line.tobytes() for line in rows.reshape(height * channels, width)]
    coded = [
        b"".join(bytes([len(p) - 1]) + p for p in (line[i : i + 128] for i in range(0, len(line), 128)))
        for line in lines
    ]
    return head + sections + b"\0\1" + b"".join(struct.pack(">H", len(c)) for c in coded) + b"".join(coded)


@pytest.mark.parametrize("packed", [False, True])
def test_photoshop_documents_of_16_bits_open_in_full_depth(scene, packed):
    assert np.array_equal(deep(psd(scene, 16, packed=packed)), scene)
    grey = deep(psd(scene[..., :1], 16, mode=1, packed=packed))
    assert np.array_equal(grey, np.repeat(scene[..., :1], 3, axis=2))


def test_photoshop_documents_of_32_and_8_bits_and_in_lab_open(scene):
    near(deep(psd(scene / 65535, 32)), scene)
    near(opened(psd((scene / 257).round(), 8, packed=True)), scene)
    lab = lab_of(scene)
    coded = np.stack([lab[..., 0] * 655.35, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], axis=-1)
    near(deep(psd(coded.round(), 16, mode=9)), scene)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_selection_in_a_photoshop_document_is_no_transparency(scene, bits):
    array = np.concatenate([scene, scene[..., :1]], axis=2)
    array = array if bits == 16 else (array / 257).round()
    assert opened(psd(array, bits)).shape[2] == 3
    assert opened(psd(array, bits, layers=-1)).shape[2] == 4


def test_a_transparent_tone_in_a_deep_png_becomes_alpha(scene):
    grey = scene[..., 0].copy()
    grey[3:9, 3:9] = 1234
    plain = cv2.imencode(".png", grey)[1].tobytes()
    pixels = deep(with_chunks(plain, chunk(b"tRNS", struct.pack(">H", 1234))))
    assert pixels.shape[2] == 4
    assert not pixels[3:9, 3:9, 3].any()
    assert (pixels[20:, 20:, 3] == 65535).all()
    assert np.array_equal(pixels[..., 0], grey)


# Thumbnails first


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
        (b"PK\3\4" + bytes(26) + b"mimetypeapplication/x-krita", "Krita"),
        (b"PK\3\4" + bytes(26) + b"mimetypeimage/openraster", "OpenRaster"),
        (b"CSFCHUNK" + bytes(50), "Clip Studio"),
        (b"\0\xffKA" + bytes(50), "Affinity"),
        (b"Rar!\x1a\7\0" + bytes(50), "archive"),
        (b"\0\0\1\0\1\0" + bytes(50), "icon"),
        (b"\x1aE\xdf\xa3" + bytes(50), "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"RIFF\0\0\0\0WAVEfmt ", "sound"),
        (b"\n <!DOCTYPE HTML><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\0\5\x16\7" + bytes(50), "beside a file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI" + bytes(50), "iPhone"),
        (bytes(5000), "nothing but zeros"),
        ("hello".encode("utf-16"), "text file"),
    ],
)
def test_other_programs_files_are_named(data, word):
    with pytest.raises(PictureError, match=word):
        load_bytes(data, "a")


# Linear light and wide colours


def curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def srgb_light(scene):
    unit = scene / 65535
    return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)


def ramp():
    levels = np.repeat(np.arange(0, 65536, 257, dtype=np.uint16)[None, :, None], 8, axis=0)
    return np.repeat(levels, 3, axis=2)


def test_a_linear_picture_keeps_its_shadows(make_matrix_profile):
    """Rounded to 8 bits before the transform, a quarter of the tones would be left."""
    light = np.rint(srgb_light(ramp()) * 65535).astype(np.uint16)
    data = tiff(light, photometric="rgb", iccprofile=make_matrix_profile(curve(1.0)))
    for levels in (opened(data)[0, :, 1], (deep(data)[0, :, 1] / 257).round()):
        assert len(np.unique(levels)) >= 250
        assert np.abs(levels.astype(float) - np.arange(256)).max() <= 1.0


def test_a_linear_grey_picture_keeps_its_shadows(grey_profile):
    linear = grey_profile.replace(curve(1.8), curve(1.0))
    light = np.rint(srgb_light(ramp()[..., 0]) * 65535).astype(np.uint16)
    assert len(np.unique(opened(tiff(light, photometric="minisblack", iccprofile=linear))[0, :, 1])) >= 250


@pytest.mark.parametrize("bits", [8, 16])
def test_a_pngs_gamma_is_honoured(scene, bits):
    light = np.rint(srgb_light(scene) ** (1 / 1.6) * (2**bits - 1)).astype(np.uint16 if bits == 16 else np.uint8)
    data = cv2.imencode(".png", light[..., ::-1])[1].tobytes()
    near(opened(with_chunks(data, chunk(b"gAMA", struct.pack(">I", 62500)))), scene, 1 if bits == 16 else 4)
    srgb = with_chunks(cv2.imencode(".png", scene[..., ::-1])[1].tobytes(), chunk(b"gAMA", struct.pack(">I", 45455)))
    assert np.array_equal(deep(srgb), scene)


def test_a_pngs_primaries_are_honoured(scene, make_matrix_profile):
    """Adobe RGB told as chromaticities and gamma is Adobe RGB told as a profile."""
    points = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    chunks = chunk(b"cHRM", struct.pack(">8I", *points)), chunk(b"gAMA", struct.pack(">I", round(1e5 * 256 / 563)))
    data = with_chunks(cv2.imencode(".png", scene[..., ::-1])[1].tobytes(), *chunks)
    profiled = tiff(scene, photometric="rgb", iccprofile=make_matrix_profile(curve(563 / 256)))
    near(deep(data), deep(profiled), 1)


@pytest.mark.parametrize("gamma", [1, 2**31 - 1])
def test_a_pngs_gamma_that_cannot_be_meant_is_none(scene, gamma):
    data = cv2.imencode(".png", scene[..., ::-1])[1].tobytes()
    assert np.array_equal(deep(with_chunks(data, chunk(b"gAMA", struct.pack(">I", gamma)))), scene)


P3 = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def test_a_pngs_code_points_are_honoured(scene, make_matrix_profile):
    """Display P3 told in two bytes is what its chromaticities say; sRGB's own points change nothing."""
    data = cv2.imencode(".png", scene[..., ::-1])[1].tobytes()
    by_gamma = with_chunks(data, chunk(b"cHRM", struct.pack(">8I", *P3)), chunk(b"gAMA", struct.pack(">I", 45455)))
    near(deep(with_chunks(data, chunk(b"cICP", bytes([12, 4, 0, 1])))), deep(by_gamma), 1)
    assert np.abs(deep(with_chunks(data, chunk(b"cICP", bytes([12, 13, 0, 1])))).astype(int) - scene).max() > 2000
    assert np.array_equal(deep(with_chunks(data, chunk(b"cICP", bytes([1, 13, 0, 1])))), scene)


def test_hdr_pngs_show_paper_white_as_white():
    """203 cd/m² (BT.2408) are 58 % of ST 2084's signal, 75 % of HLG's; half of either is darker, more is clipped."""
    for transfer, white in ((16, 0.5807), (18, 0.75)):
        grey = np.rint(65535 * np.array([[0, white / 2, white, 1.0]])).astype(np.uint16)[..., None].repeat(3, axis=2)
        data = cv2.imencode(".png", grey)[1].tobytes()
        levels = opened(with_chunks(data, chunk(b"cICP", bytes([9, transfer, 0, 1]))))[0, :, 1]
        assert levels[0] == 0
        assert 20 < levels[1] < 160
        assert levels[2] >= 253
        assert levels[3] == 255


def test_an_avifs_code_points_are_honoured(photo):
    data = saved(photo, "AVIF", quality=100, subsampling="4:4:4")
    place = data.index(b"colrnclx") + 8
    wide = data[:place] + struct.pack(">HH", 12, 13) + data[place + 4 :]
    assert np.abs(opened(wide).astype(int) - opened(data)).max() > 8


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP", "TIFF"])
def test_8_bits_are_never_written_in_linear_light(scene, make_matrix_profile, kind):
    linear = make_matrix_profile(curve(1.0))
    loaded = load_bytes(encode(kind, scene, recipe=None, icc_profile=linear, bits=8, quality=100), "a")
    assert loaded.icc_profile != linear
    near(loaded.pixels, scene, 12 if kind == "JPEG" else 1)
    kept = load_bytes(encode("TIFF", scene, recipe=None, icc_profile=linear, bits=16), "a")
    assert kept.icc_profile == linear
