"""Random numbers of torch for one run, apart from those of the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

Made = TypeVar("Made")


class Noise:
    """What dropout draws in training: a stream of its own on the device where it is drawn.

    Parameters
    ----------
    seed : int
    device : torch.device
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._device = device
        self._state = torch.Generator(device).manual_seed(seed).get_state()

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """Within it torch draws from this stream, which goes on where it ended; after it from the process's again."""
        own_device = self._device.type == "cuda"
        with torch.random.fork_rng(devices=[self._device] if own_device else []):
            if own_device:
                torch.cuda.set_rng_state(self._state, self._device)
            else:
                torch.set_rng_state(self._state)
            yield
            self._state = torch.cuda.get_rng_state(self._device) if own_device else torch.get_rng_state()


def made_from(seed: int, make: Callable[[], Made]) -> Made:
    """What ``make`` makes with fresh weights from a seed, on the CPU."""
    with Noise(seed, torch.device("cpu")).drawn():
        return make()
