"""How a server is set."""

from __future__ import annotations

import ipaddress
import logging
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fuseworthy.deploy.serving.batching import MOST_ROWS, MOST_WAITING
from fuseworthy.errors import InputError, first_line

SMALL, LARGE = 1 << 20, 16 << 20
"""Bytes of a body: of models that read ready vectors, and of those that read texts and files."""
SHORTEST_TOKEN = 16
logger = logging.getLogger("fuseworthy.serving")


@dataclass(frozen=True)
class Settings:
    """What a server allows and keeps.

    Parameters
    ----------
    host, port : where it listens
    hosts : names by which clients may call it, beside the address itself and localhost; ``*`` for any
    token : what clients must bring as ``Authorization: Bearer …``, if anything
    most_body : bytes of a request's body; by the model if left out
    most_rows, most_waiting : rows of a micro-batch (1 for none), and of the queue
    log : file of predictions, see `Capture`
    log_inputs : whether the log holds the requests' rows as well
    """

    host: str = "127.0.0.1"
    port: int = 8000
    hosts: tuple[str, ...] = ()
    token: str | None = None
    most_body: int | None = None
    most_rows: int = MOST_ROWS
    most_waiting: int = MOST_WAITING
    log: Path | None = None
    log_inputs: bool = False

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise InputError(
                f"a token must have at least {SHORTEST_TOKEN} characters, but has {len(self.token)}. Make one with: "
                "(umask 077; openssl rand -hex 32 > token)"
            )
        if self.log_inputs and self.log is None:
            raise InputError(
                "inputs must be logged in a log, but none is named. Pass --log FILE, or leave out --log-inputs."
            )
        if not self.is_local and self.token is None:
            raise InputError(
                f"a server that others can reach must have a token, but {self.host} came without one. Pass --token-file, "
                "or listen on 127.0.0.1."
            )

    @cached_property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def allows_host(self, header: str) -> bool:
        """Whether a request's Host names this server; against pages that have their own name point at it."""
        if "*" in self.hosts or not self.is_local:
            return True
        name = header.rsplit(":", 1)[0] if not header.endswith("]") else header
        return name.strip("[]").lower() in self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(name.lower() for name in ("localhost", "127.0.0.1", "::1", self.host, *self.hosts))


def read_token(path: Path) -> str:
    """The token in a file.

    Raises
    ------
    InputError
    """
    try:
        found = path.read_text(encoding="utf-8").strip()
        if os.name == "posix" and path.stat().st_mode & 0o077:
            logger.warning("others may read the token: make %s its owner's alone, by chmod 600", path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the token file must be readable text, but {path}: {first_line(error)}. Make one with: "
            "(umask 077; openssl rand -hex 32 > token)"
        ) from error
    if not found.isascii() or not found.isprintable() or " " in found:
        raise InputError(f"a token must be one word of ASCII, but that in {path} is not.")
    return found
