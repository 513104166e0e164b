"""What tests of bad inputs share: a call that may only answer or refuse, within its time, and damaged copies of bytes."""

import signal
from contextlib import contextmanager

import numpy as np

from fuseworthy.errors import FuseworthyError


class Hung(BaseException):
    """A call took longer than it may."""


@contextmanager
def within(seconds):
    """Raise `Hung` in the block when its time is up."""

    def stop(*_):
        raise Hung(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def answer_to(call, seconds=10.0):
    """ "read", "refused" by an error of ours, "hang", or "crash" with the exception: all else."""
    try:
        with within(seconds):
            call()
    except FuseworthyError:
        return "refused"
    except Hung:
        return "hang"
    except Exception as error:
        return f"crash: {type(error).__name__}: {error}"[:200]
    return "read"


def mutated(whole, rng):
    """Bytes cut off, changed, overwritten by extreme numbers, taken out or doubled."""
    found, way = bytearray(whole), rng.integers(5)
    first, last = sorted(int(p) for p in rng.integers(0, len(found), 2))
    if way == 0:
        return bytes(found[: max(1, first)])
    if way == 1:
        for place in rng.integers(0, len(found), rng.integers(1, 20)):
            found[place] = rng.integers(256)
    elif way == 2:
        found[first : first + 4] = rng.choice(np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 1], dtype="<u4")).tobytes()
    elif way == 3:
        del found[first:last]
    else:
        found[first:first] = found[first:last]
    return bytes(found) or b"\0"
