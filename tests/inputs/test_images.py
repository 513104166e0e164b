"""Pictures of every sort become the same numbers as the same picture plainly saved; damaged ones are counted, never zeros."""

import io
import struct
import zlib

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.inputs.media.assets import Unreadable
from fuseworthy.inputs.media.images import read_image
from made_files import FORMATS, image, picture_bytes, pixels, reasons, saved


def read(content):
    return read_image(io.BytesIO(content))


def plain():
    return Image.fromarray(pixels())


def test_a_picture_gives_a_vector_and_a_grid_of_tokens():
    blocks = image([picture_bytes(0), None, picture_bytes(1)])
    statistics, patches = blocks["statistics"], blocks["patches"]
    assert (statistics.form, statistics.values.shape) == ("vectors", (3, 427))
    assert (patches.form, patches.values.shape, patches.times) == ("tokens", (3, 64, 16), None)
    assert statistics.values.dtype == patches.values.dtype == np.float32
    assert statistics.present.tolist() == [True, False, True]
    assert patches.mask.all(axis=1).tolist() == [True, False, True]
    assert not np.allclose(statistics.values[0], statistics.values[2])
    assert statistics.meta["unreadable"] == {"count": 0, "rows": [], "first": []}
    np.testing.assert_allclose(patches.values[0, :, -2:].min(axis=0), [-1, -1])


@pytest.mark.parametrize("kind", FORMATS)
def test_a_truncated_picture_is_counted_and_never_zeros(kind):
    whole = picture_bytes(0, kind)
    cuts = [whole[: int(len(whole) * share)] for share in np.linspace(0.01, 0.99, 40)] + [whole[:-1]]
    cuts = [cut for cut in cuts if cut]
    block = image([*cuts, whole])["statistics"]
    assert block.meta["unreadable"]["count"] == len(cuts)
    assert block.present.tolist() == [False] * len(cuts) + [True]
    assert len(block.meta["unreadable"]["first"]) == 20
    assert all(why for _, why in reasons(block))


def sixteen_bits():
    return Image.fromarray(np.asarray(plain().convert("L")).astype(np.uint16) * 257)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (lambda: saved(plain(), "BMP"), pixels),
        (lambda: saved(plain(), "TIFF"), pixels),
        (lambda: saved(plain(), "WEBP", lossless=True), pixels),
        (lambda: saved(plain().convert("L")), lambda: np.asarray(plain().convert("L").convert("RGB"))),
        (lambda: saved(sixteen_bits()), lambda: np.asarray(plain().convert("L").convert("RGB"))),
        (lambda: saved(sixteen_bits(), "TIFF"), lambda: np.asarray(plain().convert("L").convert("RGB"))),
        (lambda: saved(plain().convert("1")), lambda: np.asarray(plain().convert("1").convert("RGB"))),
        (lambda: saved(plain().quantize(32)), lambda: np.asarray(plain().quantize(32).convert("RGB"))),
        (lambda: saved(plain().quantize(32), "GIF"), lambda: np.asarray(plain().quantize(32).convert("RGB"))),
        (lambda: saved(plain().convert("RGBA")), pixels),
        (lambda: saved(plain().convert("CMYK"), "TIFF"), pixels),
        (
            lambda: saved(plain().convert("CMYK"), "JPEG", quality=95),
            lambda: np.asarray(
                Image.open(io.BytesIO(saved(plain().convert("CMYK"), "JPEG", quality=95))).convert("RGB")
            ),
        ),
    ],
    ids=[
        "bmp",
        "tiff",
        "webp",
        "grey",
        "16-bit",
        "16-bit-tiff",
        "1-bit",
        "palette",
        "gif",
        "opaque",
        "cmyk",
        "cmyk-jpeg",
    ],
)
def test_every_sort_of_pixels_becomes_the_same_rgb(content, expected):
    np.testing.assert_array_equal(read(content()), expected())


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_lie_over_white(mode):
    picture = plain().convert(mode)
    picture.putalpha(Image.fromarray(np.where(np.arange(56) < 28, 0, 255).astype(np.uint8)[None].repeat(40, axis=0)))
    found = read(saved(picture))
    assert (found[:, :28] == 255).all()
    np.testing.assert_array_equal(found[:, 28:], np.asarray(plain().convert(mode[:-1]).convert("RGB"))[:, 28:])


def test_a_transparent_colour_of_a_palette_is_white():
    picture = Image.new("P", (2, 2), 1)
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((0, 0), 0)
    found = read(saved(picture, "PNG", transparency=0))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[1, 1].tolist() == [200, 100, 50]


@pytest.mark.parametrize("turn", [2, 3, 4, 5, 6, 7, 8])
def test_a_rotated_picture_is_upright(turn):
    flips = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM}
    flips |= {5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE}
    flips |= {8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[0x0112] = turn
    np.testing.assert_array_equal(read(saved(plain().transpose(flips[turn]), "PNG", exif=exif)), pixels())


def test_of_an_animation_the_first_frame_is_read():
    frames = [Image.fromarray(pixels(seed)).quantize(16) for seed in (0, 1, 2)]
    found = read(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    np.testing.assert_array_equal(found, np.asarray(frames[0].convert("RGB")))


def png_that_says(width, height, content=b""):
    """A PNG of a few bytes whose header says any size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", content or zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(5_001, 5_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)], ids=str)
def test_a_bomb_is_refused_by_its_header(size):
    with pytest.raises(Unreadable, match=r"header says|exceeds limit"):
        read(png_that_says(*size))


def test_a_file_too_large_is_not_decoded(monkeypatch):
    monkeypatch.setattr("fuseworthy.inputs.media.images.MOST_BYTES", 1000)
    with pytest.raises(Unreadable, match="MiB"):
        read(picture_bytes() + bytes(1000))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"once upon a time", "looks like text"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "looks like an HTML page"),
        (b"\x00\x01\x02\xff" * 30, "looks like unknown bytes"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "looks like text"),
        (b"SIMPLE  =                    T", "looks like text"),
        (b"", "it has 0 bytes"),
    ],
    ids=["text", "page", "noise", "eps", "fits", "empty"],
)
def test_what_is_no_picture_is_named(content, why):
    block = image([content, picture_bytes()])["statistics"]
    assert block.present.tolist() == [False, True]
    assert why in reasons(block)[0][1]


def test_a_large_jpeg_gives_what_its_whole_gives():
    large = Image.fromarray(pixels(3, 40, 60)).resize((2_400, 1_600), Image.Resampling.BICUBIC)
    assert max(read(saved(large, "JPEG")).shape) < 2_400
    quick, whole = (image([saved(large, kind)])["statistics"].values[0] for kind in ("JPEG", "PNG"))
    other = image([picture_bytes(1)])["statistics"].values[0]
    assert np.linalg.norm(quick - whole) < 0.1 * np.linalg.norm(other - whole)


def test_fractions_and_32_bits_have_no_known_range():
    for mode, array in (("F", np.linspace(0, 1, 64)), ("I", np.linspace(0, 2**20, 64))):
        picture = Image.fromarray(array.reshape(8, 8).astype(np.float32 if mode == "F" else np.int32))
        with pytest.raises(Unreadable, match="no known range"):
            read(saved(picture, "TIFF"))


def test_the_content_counts_and_not_the_ending(tmp_path):
    (tmp_path / "a.png").write_bytes(picture_bytes(0, "JPEG"))
    (tmp_path / "b.jpg").write_text("not at all a picture")
    block = image(["a.png", "b.jpg"], root=tmp_path)["statistics"]
    assert block.present.tolist() == [True, False]


def test_other_rows_are_as_they_were_without_the_unreadable_one():
    alone = image([picture_bytes(0), picture_bytes(1)])
    among = image([picture_bytes(0), b"broken", None, picture_bytes(1)])
    for view in ("statistics", "patches"):
        np.testing.assert_array_equal(alone[view].values, among[view].values[[0, 3]])
        assert not among[view].values[[1, 2]].any()


def test_pictures_are_found_as_bytes_structs_and_paths(tmp_path):
    (tmp_path / "a.png").write_bytes(picture_bytes())
    struct_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = [
        {"bytes": picture_bytes(), "path": None},
        {"bytes": None, "path": "a.png"},
        None,
        {"bytes": None, "path": None},
    ]
    held = image(pa.array(cells, struct_type), root=tmp_path)["statistics"]
    assert held.present.tolist() == [True, True, False, False]
    for cell in (pa.array([picture_bytes()], pa.large_binary()), ["a.png"]):
        np.testing.assert_array_equal(image(cell, root=tmp_path)["statistics"].values[0], held.values[0])
    np.testing.assert_array_equal(held.values[0], held.values[1])


def test_several_pictures_a_row_are_refused_or_averaged():
    cells = pa.array([[picture_bytes(0), picture_bytes(1)], [picture_bytes(0), b"broken"], [], None])
    with pytest.raises(InputError, match="pool='mean'"):
        image(cells)
    with pytest.raises(InputError, match="pool='mean'"):
        fw.Image("a", "b")
    blocks = image(cells, pool="mean")
    one, two = (image([picture_bytes(seed)]) for seed in (0, 1))
    expected = (one["statistics"].values[0] + two["statistics"].values[0]) / 2
    np.testing.assert_allclose(blocks["statistics"].values[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(blocks["statistics"].values[1], one["statistics"].values[0])
    assert blocks["statistics"].present.tolist() == [True, True, False, False]
    assert blocks["patches"].mask.sum(axis=1).tolist() == [128, 64, 0, 0]
    assert blocks["statistics"].meta["unreadable"]["rows"] == [2]


def test_a_row_of_too_many_pictures_is_named():
    with pytest.raises(InputError, match="row 2 has 9"):
        image(pa.array([[picture_bytes()], [picture_bytes()] * 9]), pool="mean")
