"""Bad picture and sound files, by kind of fault: what is counted, what is refused, what nobody can see, in figures."""

import hashlib
import io
import os
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from bad_inputs import answer_to, within

import fuseworthy as fw
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.inputs.encoders.recordings import content_of, encode_recording
from fuseworthy.inputs.media.assets import Unreadable
from fuseworthy.inputs.media.images import read_image
from made_files import FORMATS, encoded, image, picture_bytes, reasons, sound_bytes, tone

HERE = Path(__file__).parent


def test_every_truncated_picture_of_every_format_is_counted():
    counted = zeros = 0
    for kind in FORMATS:
        whole = picture_bytes(3, kind)
        cuts = [whole[: max(1, len(whole) * k // 101)] for k in range(1, 101)]
        block = image([*cuts, whole])["statistics"]
        counted += block.meta["unreadable"]["count"]
        zeros += int((block.present & ~block.values.any(axis=1)).sum())
    print(f"\nD1: {100 * len(FORMATS)} truncated pictures of {len(FORMATS)} formats: {counted} counted, {zeros} zeros")
    assert (counted, zeros) == (600, 0)


def flipped(whole, rng):
    found, place = bytearray(whole), int(rng.integers(len(whole)))
    found[place] ^= 1 << int(rng.integers(8))
    return bytes(found)


def test_bit_flips_are_seen_by_decoding_seldom_and_by_a_column_of_checksums_always():
    rng, lines, all_seen, all_told = np.random.default_rng(0), [], 0, 0
    for kind in FORMATS:
        whole = picture_bytes(3, kind)
        plain, seen = read_image(io.BytesIO(whole)), Counter()
        flips = [flipped(whole, rng) for _ in range(100)]
        for content in flips:
            try:
                found = read_image(io.BytesIO(content))
                same = found.shape == plain.shape and np.array_equal(found, plain)
                seen["unchanged" if same else "changed silently"] += 1
            except Unreadable:
                seen["detected"] += 1
        table = pa.table({"p": [whole, *flips], "sum": [hashlib.sha256(whole).hexdigest()] * 101})
        block = encode_recording("photo", fw.Image("p", sha256="sum"), ("statistics",), table)["statistics"]
        assert block.present.tolist() == [True] + [False] * 100
        assert {why for _, why in reasons(block)} == {"its sha256 is not that of column 'sum'"}
        all_seen, all_told = all_seen + seen["detected"], all_told + block.meta["unreadable"]["count"]
        lines.append(f"{kind} {seen['detected']}, {seen['changed silently']}")
    print(f"\nD2: {100 * len(FORMATS)} flips, {all_seen} detected by decode, {all_told} by sha256 = all")
    print("  of 100 each, detected by decode and changed silently: " + "; ".join(lines))
    assert all_told == 100 * len(FORMATS) > all_seen


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, colour=2, more=b"", bytes_each=3):
    """A PNG of one colour and any size, in few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 16 if bytes_each == 2 else 8, colour, 0, 0, 0)
    squeeze = zlib.compressobj(1)
    row = bytes(1 + bytes_each * width)
    data = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bombs():
    """Name -> bytes of pictures that are small on disk and large, long or strange inside."""
    from PIL import Image

    large_text = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(80 << 20), 1))
    large_profile = chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(80 << 20), 1))
    still = io.BytesIO()
    Image.new("P", (8, 8)).save(still, "GIF")
    frame = still.getvalue()
    body = frame[frame.index(b"\x2c") : -1] if b"\x21" not in frame else frame[frame.index(b"\x21") : -1]
    gif = frame[: frame.index(body)] + body * 10_000 + b"\x3b"
    jpeg = picture_bytes(0, "JPEG")
    exif = b"\xff\xe1\xff\xff" + b"Exif\0\0" + bytes(65_535 - 8)
    return {
        "177 megapixels": png(13_300, 13_300, colour=0, bytes_each=1),
        "25 megapixels, transparent": png(5_000, 5_000, colour=6, bytes_each=4),
        "25 megapixels, 16 bits": png(5_000, 5_000, colour=0, bytes_each=2),
        "25 megapixels": png(5_000, 5_000),
        "text of 80 MiB": png(8, 8, more=large_text),
        "profile of 80 MiB": png(8, 8, more=large_profile),
        "10,000 frames": gif,
        "EXIF of 30 MiB": jpeg[:2] + exif * 480 + jpeg[2:],
        "FITS": b"SIMPLE  =                    T" + bytes(2_880),
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99999 99999\n",
        "WMF": b"\xd7\xcd\xc6\x9a" + bytes(18) + b"\x01\x00\x09\x00" + bytes(100),
    }


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's count of memory")
def test_bombs_are_answered_in_little_memory(tmp_path):
    for name, content in bombs().items():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, str(HERE / "read_bombs.py"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    print(f"\nD3: {done.stdout}")
    answers = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines())
    assert float(answers.pop("peak MB")) < 300
    read = {name for name, answer in answers.items() if answer == "read"}
    assert read >= {"10,000 frames", "25 megapixels"}
    assert not read & {"177 megapixels", "FITS", "EPS", "WMF"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_ten_kinds_of_wrong_files_are_answered_within_a_second(tmp_path):
    root = tmp_path / "root"
    (root / "folder.jpg").mkdir(parents=True)
    os.mkfifo(root / "pipe.jpg")
    (root / "circle.jpg").symlink_to(root / "circle.jpg")
    (root / "zero.jpg").symlink_to("/dev/zero")
    texts = {"text.jpg": b"once upon a time", "page.jpg": b"<!DOCTYPE html><html>404</html>", "empty.jpg": b""}
    noise, jpeg = np.random.default_rng(0).bytes(500), picture_bytes(0, "JPEG")
    (tmp_path / "root" / "whole.png").write_bytes(jpeg)
    for name, content in (texts | {"noise.jpg": noise, "jpeg.png": jpeg}).items():
        (root / name).write_bytes(content)
    image([picture_bytes()])  # what is loaded once is not counted
    answers = {}
    for name in (*sorted(p.name for p in root.iterdir() if p.name != "whole.png"), "gone.jpg"):
        start = time.perf_counter()
        blocks = {}
        answer = answer_to(lambda n=name, b=blocks: b.update(image([n, "whole.png"], root=root)), seconds=1.0)
        if answer == "read" and blocks["statistics"].meta["unreadable"]["count"]:
            answer = f"counted: {reasons(blocks['statistics'])[0][1]}"
        answers[name] = answer, time.perf_counter() - start
    print(f"\nD4: {len(answers)} kinds, slowest {max(seconds for _, seconds in answers.values()):.2f} s:")
    print("\n".join(f"  {name}: {answer}" for name, (answer, _) in answers.items()))
    assert len(answers) == 10
    assert {name for name, (answer, _) in answers.items() if answer == "read"} == {"jpeg.png"}
    assert answers["zero.jpg"][0] == "refused"
    assert all(answer.startswith(("read", "refused", "counted")) for answer, _ in answers.values())


def a_day(folder):
    """A day of silence at 8 kHz, which takes no space on the disk."""
    size = 24 * 3600 * 8_000
    path = folder / "day.wav"
    header = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    with path.open("wb") as opened:
        opened.write(header + b"data" + struct.pack("<I", size))
        opened.truncate(44 + size)
    return path.name


def test_ten_kinds_of_odd_sounds_are_read_or_counted_within_seconds(tmp_path):
    lying = bytearray(sound_bytes())
    lying[40:44] = (2**31).to_bytes(4, "little")
    slow = sound_bytes().replace((16_000).to_bytes(4, "little"), (7).to_bytes(4, "little"), 1)
    with_nan = np.where(np.arange(8000) == 511, np.nan, tone())
    kinds = {
        "cut": (sound_bytes()[:-1000], False),
        "header only": (sound_bytes()[:44], False),
        "rate of 7 a second": (slow, False),
        "NaN": (sound_bytes(with_nan, subtype="FLOAT"), False),
        "no samples": (sound_bytes(np.zeros(0, dtype=np.float32)), False),
        "2^31 bytes by its header": (bytes(lying), False),
        "a day": (a_day(tmp_path), True),
        "stereo": (sound_bytes(np.stack([tone(), tone()], axis=1)), True),
        "another rate": (sound_bytes(rate=44_100), True),
        "one sample": (sound_bytes(np.ones(1, dtype=np.float32) / 2), True),
    }
    found, seconds = {}, {}
    for name, (cell, _) in kinds.items():
        start = time.perf_counter()
        with within(20):
            found[name] = bool(encoded(fw.Audio, [cell], root=tmp_path)["spectrum"].present[0])
        seconds[name] = time.perf_counter() - start
    print(
        f"\nD5: {len(kinds)} kinds, {sum(found.values())} read, {len(found) - sum(found.values())} counted, slowest ",
        end="",
    )
    print(f"{max(seconds, key=seconds.get)} {max(seconds.values()):.2f} s")
    assert found == {name: readable for name, (_, readable) in kinds.items()}


def test_files_deleted_between_listing_and_reading_are_counted_and_named(tmp_path):
    names = [f"{i:02}.png" for i in range(40)]
    for seed, name in enumerate(names):
        (tmp_path / name).write_bytes(picture_bytes(seed))
    table, photo = pa.table({"p": names}), fw.Image("p", root=tmp_path)
    before = content_of(photo, table)
    for name in names[:25]:
        (tmp_path / name).unlink()
    block = learn_encodings(table, {"photo": photo})[1]["photo"]["statistics"]
    unreadable = block.meta["unreadable"]
    print(f"\nD6: 25 of 40 files deleted: {unreadable['count']} counted, {len(unreadable['first'])} named")
    assert unreadable["count"] == 25
    assert [why for _, why in reasons(block)] == ["no such file"] * 20
    assert content_of(photo, table)[25:] == before[25:]
    assert not set(content_of(photo, table)[:25]) & set(before)
