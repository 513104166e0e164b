"""Sound of any make becomes the same numbers; what its header hides is found out."""

import numpy as np
import pytest

import fuseworthy as fw
from fuseworthy.errors import InputError
from made_files import encoded, film_bytes, reasons, sound_bytes, tone


def audio(cells, **options):
    return encoded(fw.Audio, cells, **options)


def test_a_sound_gives_a_vector_and_frames_with_times():
    blocks = audio([sound_bytes(), None, sound_bytes(tone(seconds=3.0))])
    spectrum, frames = blocks["spectrum"], blocks["frames"]
    assert (spectrum.form, spectrum.values.shape) == ("vectors", (3, 178))
    assert (frames.form, frames.values.shape) == ("tokens", (3, 99, 40))
    assert spectrum.present.tolist() == [True, False, True]
    assert frames.mask.sum(axis=1).tolist() == [47, 0, 99]
    last = frames.times[[0, 2], [46, 98]]
    assert np.abs(last - [0.476, 2.97]).max() < 0.06
    assert (np.diff(frames.times[2][frames.mask[2]]) > 0).all()


MAKES = {
    "stereo": lambda: sound_bytes(np.stack([tone(), tone()], axis=1)),
    "24-bit": lambda: sound_bytes(subtype="PCM_24"),
    "float": lambda: sound_bytes(subtype="FLOAT"),
    "8-bit": lambda: sound_bytes(subtype="PCM_U8"),
    "flac": lambda: sound_bytes(kind="FLAC"),
    "aiff": lambda: sound_bytes(kind="AIFF"),
    "ogg": lambda: sound_bytes(kind="OGG", subtype="VORBIS"),
    "mp3": lambda: sound_bytes(kind="MP3", subtype="MPEG_LAYER_III"),
    "44.1 kHz": lambda: sound_bytes(rate=44_100),
    "48 kHz": lambda: sound_bytes(rate=48_000),
}


@pytest.mark.parametrize("make", MAKES)
def test_every_make_of_a_sound_gives_nearly_the_same(make):
    plain, other = (audio([content])["spectrum"].values[0] for content in (sound_bytes(), MAKES[make]()))
    another = audio([sound_bytes(tone(hertz=1_800))])["spectrum"].values[0]
    near, far = np.linalg.norm(other - plain), np.linalg.norm(another - plain)
    assert near < {"8-bit": 0.7, "ogg": 0.7, "mp3": 0.7}.get(make, 0.4) * far


def test_the_same_bits_at_another_depth_give_the_same():
    plain, deep = (audio([sound_bytes(subtype=s)])["spectrum"].values[0] for s in ("PCM_16", "PCM_24"))
    np.testing.assert_allclose(plain, deep, atol=0.02)


def test_channels_are_averaged():
    left = np.stack([2 * tone() * 0.9, np.zeros_like(tone())], axis=1)
    plain, other = (
        audio([content])["spectrum"].values[0] for content in (sound_bytes(tone() * 0.9), sound_bytes(left))
    )
    np.testing.assert_allclose(plain, other, atol=0.05)


def broken(place, content):
    whole = bytearray(sound_bytes(subtype="FLOAT"))
    whole[place : place + len(content)] = content
    return bytes(whole)


def lying(length):
    whole = bytearray(sound_bytes())
    whole[40:44] = length.to_bytes(4, "little")
    return bytes(whole)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: sound_bytes()[:-1000], "only"),
        (lambda: sound_bytes()[:60], "only"),
        (lambda: sound_bytes()[:20], "damaged|no sound|header|no samples"),
        (lambda: lying(2**31), "header says 2,147,483,648 bytes"),
        (lambda: sound_bytes(np.where(np.arange(8000) == 511, np.nan, tone()), subtype="FLOAT"), "sample 512 is nan"),
        (lambda: sound_bytes(np.full(800, np.inf, dtype=np.float32), subtype="FLOAT"), "sample 1 is inf"),
        (lambda: sound_bytes(np.zeros(0, dtype=np.float32)), "no samples"),
        (lambda: sound_bytes(kind="FLAC")[:-2000], "damaged|only"),
        (lambda: b"", "0 bytes"),
        (lambda: b"hello there", "looks like text"),
        (
            lambda: sound_bytes().replace((16_000).to_bytes(4, "little"), (7).to_bytes(4, "little"), 1),
            "samples a second",
        ),
    ],
    ids=["cut", "cut-early", "header-only", "lying", "nan", "inf", "empty", "flac-cut", "nothing", "text", "slow"],
)
def test_a_sound_that_is_not_whole_is_unreadable(content, why):
    block = audio([content(), sound_bytes()])["spectrum"]
    assert block.present.tolist() == [False, True]
    assert not block.values[0].any()
    assert [row for row, _ in reasons(block)] == [1]
    assert any(word in reasons(block)[0][1] for word in why.split("|")), reasons(block)


def test_a_long_recording_is_cut_and_counted():
    long = np.concatenate([tone(seconds=2.0), np.zeros(16_000 * 3, dtype=np.float32)])
    cut, short = audio([sound_bytes(long)], longest=2.0), audio([sound_bytes(tone(seconds=2.0))], longest=2.0)
    np.testing.assert_array_equal(cut["spectrum"].values, short["spectrum"].values)
    assert (cut["spectrum"].meta["cut"], short["spectrum"].meta["cut"]) == (1, 0)


def test_silence_and_single_samples_are_data():
    block = audio([sound_bytes(np.zeros(16_000, dtype=np.float32)), sound_bytes(np.full(1, 0.5, dtype=np.float32))])
    assert block["spectrum"].present.all()
    assert np.isfinite(block["spectrum"].values).all()


def test_the_sound_track_of_a_film_is_read():
    from_film, plain = audio([film_bytes(sound=True)]), audio([sound_bytes(tone(seconds=2.0))])
    another = audio([sound_bytes(tone(seconds=2.0, hertz=1_800))])
    near, far = (np.linalg.norm(x["spectrum"].values - plain["spectrum"].values) for x in (from_film, another))
    assert near < 0.6 * far
    assert reasons(audio([film_bytes(sound=False), sound_bytes()])["spectrum"]) == [(1, "it has no sound track")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 10}, "rate must be"),
        ({"longest": 0.0}, "more than zero"),
        ({"encoders": ("spectra",)}, "the nearest is 'spectrum'"),
        ({"encoders": ()}, "at least one encoder"),
    ],
    ids=["rate", "longest", "encoder", "none"],
)
def test_an_option_that_cannot_be_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        fw.Audio("call", **options)
