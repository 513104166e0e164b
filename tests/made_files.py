"""Small pictures, sounds and films for tests, and the encoders' view of them."""

import io
from fractions import Fraction

import numpy as np
import pyarrow as pa

import fuseworthy as fw
from fuseworthy.inputs.encoder_names import OFFERS
from fuseworthy.inputs.encoders.recordings import encode_recording

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")


def pixels(seed=0, height=40, width=56):
    """A smooth picture with an edge and a colour of its own."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width]
    shades = [(np.sin(down / rng.uniform(4, 9) + k) + np.cos(across / rng.uniform(4, 9))) * 60 + 128 for k in range(3)]
    found = np.stack(shades, axis=-1)
    found[: height // 3, : width // 3] = rng.integers(0, 256, 3)
    return found.clip(0, 255).astype(np.uint8)


def picture_bytes(seed=0, kind="PNG", **options):
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(pixels(seed)).save(held, kind, **options)
    return held.getvalue()


def saved(picture, kind="PNG", **options):
    """A Pillow picture as a file's bytes."""
    held = io.BytesIO()
    picture.save(held, kind, **options)
    return held.getvalue()


def tone(rate=16_000, seconds=0.5, hertz=440.0):
    moments = np.arange(int(rate * seconds)) / rate
    return (0.4 * np.sin(2 * np.pi * hertz * moments) * (1 + 0.3 * np.sin(2 * np.pi * 3 * moments))).astype(np.float32)


def sound_bytes(samples=None, rate=16_000, kind="WAV", subtype="PCM_16"):
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, tone(rate) if samples is None else samples, rate, subtype=subtype, format=kind)
    return held.getvalue()


def film_bytes(seconds=2.0, per_second=10, kind="mp4", sound=True, seed=0, frames=None):
    """A square that moves over a coloured ground, with a tone."""
    import av

    held = io.BytesIO()
    with av.open(held, "w", format=kind) as container:
        picture = container.add_stream("mpeg4", rate=per_second)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        voice = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for place in range(int(seconds * per_second) if frames is None else frames):
            array = np.full((48, 64, 3), 40 + 30 * (seed % 5), dtype=np.uint8)
            array[10:30, (3 * place) % 44 : (3 * place) % 44 + 20] = 230
            container.mux(picture.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
        container.mux(picture.encode(None))
        if voice is not None:
            wave = tone(seconds=seconds)
            for start in range(0, len(wave) - 1024, 1024):
                frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
                container.mux(voice.encode(frame))
            container.mux(voice.encode(None))
    return held.getvalue()


def encoded(kind, cells, **options):
    """Blocks by view of one column of cells."""
    column = pa.array(cells) if not isinstance(cells, pa.Array) else cells
    options.setdefault("encoders", OFFERS[kind.kind].floors)
    recording = kind("cell", **options)
    return encode_recording("m", recording, tuple(recording.views), pa.table({"cell": column}))


def image(cells, **options):
    return encoded(fw.Image, cells, **options)


def reasons(block):
    """Row and reason of each unreadable item that is named."""
    return [(found["row"], found["why"]) for found in block.meta["unreadable"]["first"]]
