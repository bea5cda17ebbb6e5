"""TIFF files as other programs pack them, in every depth: none may come out as another picture, or lose its alpha."""

import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from studio.core.images import PictureError, full_depth, load_bytes


def libtiff(raw, compression):
    """Pack bytes as libtiff does, which Pillow only offers for whole pictures."""
    out = BytesIO()
    Image.frombytes("L", (len(raw), 1), raw).save(out, "TIFF", compression=compression)
    with tifffile.TiffFile(BytesIO(out.getvalue())) as file:
        page = file.pages[0]
        return out.getvalue()[page.dataoffsets[0] :][: page.databytecounts[0]]


def packed(array, number, compression, predictor=1, order="<", planar=False, photometric=2, extra=(), bits=None):
    """Return a TIFF file of H×W×C values in strips of 16 rows, each packed by libtiff."""
    height, width, samples = array.shape
    planes = [array[..., i : i + 1] for i in range(samples)] if planar else [array]
    strips = [plane[top : top + 16] for plane in planes for top in range(0, height, 16)]
    bits = bits or array.itemsize * 8
    bodies = [
        libtiff(predicted(strip, predictor, order) if bits != 12 else twelve(strip), compression) for strip in strips
    ]
    sample_format = 3 if array.dtype.kind == "f" else 1
    fields = {
        256: width, 257: height, 258: [bits] * samples, 259: number, 262: photometric, 277: samples, 278: 16,
        284: 2 if planar else 1, 317: predictor, 339: [sample_format] * samples,
    } | ({338: list(extra)} if extra else {})  # fmt: skip
    count = len(strips)
    place = 8 + 2 + 12 * (len(fields) + 2) + 4
    tail = b""

    def words(values, kind):
        nonlocal tail
        body = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(body) <= 4:
            return body.ljust(4, b"\0")
        tail += body
        return struct.pack(order + "I", place + len(tail) - len(body))

    sizes = [len(body) for body in bodies]
    reserve = sum(2 * len(v) if isinstance(v, list) and 2 * len(v) > 4 else 0 for v in fields.values()) + 8 * count
    starts = [place + reserve + sum(sizes[:i]) for i in range(count)]
    entries = dict.fromkeys(fields, None) | {273: None, 279: None}
    for tag in sorted(entries):
        values, kind = ((starts, "I") if tag == 273 else (sizes, "I")) if tag in (273, 279) else (fields[tag], "H")
        values = values if isinstance(values, list) else [values]
        entries[tag] = struct.pack(order + "HHI", tag, 4 if kind == "I" else 3, len(values)) + words(values, kind)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    directory = struct.pack(order + "H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries)) + bytes(4)
    return head + directory + tail.ljust(reserve, b"\0") + b"".join(bodies)


def predicted(strip, predictor, order):
    height, _, samples = strip.shape
    if predictor == 2:
        strip = np.concatenate([strip[:, :1], np.diff(strip, axis=1)], axis=1).astype(strip.dtype)
    if predictor == 3:
        planes = strip.astype(strip.dtype.newbyteorder(">")).reshape(height, -1, 1).view(np.uint8)
        planes = np.moveaxis(planes.reshape(height, -1, strip.itemsize), 2, 1).reshape(height, -1, samples)
        return np.concatenate([planes[:, :1], np.diff(planes, axis=1)], axis=1).tobytes()
    return strip.astype(strip.dtype.newbyteorder(order)).tobytes()


def twelve(strip):
    bits = (strip.reshape(len(strip), -1, 1) >> np.arange(11, -1, -1) & 1).astype(np.uint8)
    return np.packbits(bits.reshape(len(strip), -1), axis=1).tobytes()


def deep(data):
    return full_depth(load_bytes(data, "a"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("predictor", [1, 2])
def test_lzw_in_16_bits_is_exact_however_it_lies(scene, order, planar, predictor):
    assert np.array_equal(deep(packed(scene, 5, "tiff_lzw", predictor, order, planar)), scene)


@pytest.mark.parametrize(("number", "name"), [(50000, "zstd"), (34925, "lzma"), (8, "tiff_adobe_deflate")])
def test_rarer_packings_are_exact(scene, number, name):
    assert np.array_equal(deep(packed(scene, number, name, 2)), scene)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize(("number", "name"), [(5, "tiff_lzw"), (8, "tiff_adobe_deflate")])
def test_floats_with_their_own_predictor_open(scene, kind, number, name):
    """What darktable and Affinity write."""
    values = (scene / 65535).astype(kind)
    data = packed(values, number, name, 3)
    assert np.abs(deep(data).astype(int) - scene).max() <= (40 if kind == np.float16 else 1)


def test_grey_with_alpha_keeps_its_alpha(scene):
    data = packed(scene[..., :2], 5, "tiff_lzw", 2, photometric=1, extra=(2,))
    assert np.array_equal(deep(data), scene[..., [0, 0, 0, 1]])


def test_lab_is_converted_whatever_it_is_packed_with(scene):
    lab = np.stack([scene[..., 0], scene[..., 1] // 4, scene[..., 2] // 4], axis=-1)
    plain = BytesIO()
    tifffile.imwrite(plain, lab, photometric="cielab", metadata=None)
    assert np.array_equal(deep(packed(lab, 5, "tiff_lzw", photometric=8)), deep(plain.getvalue()))


def test_12_bits_of_colour_are_unpacked(scene):
    data = packed(scene >> 4, 5, "tiff_lzw", bits=12)
    assert np.abs(deep(data).astype(int) - scene).max() <= 16


def test_half_a_strip_is_refused(scene):
    noise = np.random.default_rng(0).integers(0, 65535, scene.shape).astype(np.uint16)
    with pytest.raises(PictureError, match=r"incomplete|damaged"):
        load_bytes(packed(noise, 5, "tiff_lzw")[:-900], "a")


def test_what_cannot_be_unpacked_is_named(scene):
    data = packed(scene, 5, "tiff_lzw").replace(
        struct.pack("<HHIHH", 259, 3, 1, 5, 0), struct.pack("<HHII", 259, 3, 1, 50002)
    )
    with pytest.raises(PictureError, match=r"compressed in a way that cannot be read here \(JPEGXL"):
        load_bytes(data, "a")


def test_a_directory_behind_the_end_makes_no_raw_file(scene):
    out = BytesIO()
    tifffile.imwrite(out, scene, photometric="rgb", metadata=None)
    data = out.getvalue()
    with pytest.raises(PictureError, match=r"damaged|incomplete"):
        load_bytes(data[:4] + struct.pack("<I", len(data) + 999) + data[8:], "a")
