"""Where the weights of a pretrained model lie, and what tells them from others. Only data files are ever read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from fuseworthy.durable import content_digest, file_digest
from fuseworthy.errors import InputError, require

READ = (".json", ".txt", ".model", ".safetensors")
"""Endings of the files that a model is made of; pickles and code are not among them."""


def weights_folder(encoder: str, source: str, extra: str) -> Path:
    """The folder of a model: the one named, or the hub's, downloaded once.

    Parameters
    ----------
    encoder : str
        As the user spelled it, for messages.
    source : str
        A folder, or the id of a model on the hub (``name`` or ``owner/name``).
    extra : str
        What brings the library that can ask the hub.

    Raises
    ------
    InputError
        No such folder, no such model, no network, or no safetensors in it.
    MissingExtraError
    """
    if Path(source).is_dir():
        folder = Path(source).absolute()
    elif source.count("/") > 1 or source.startswith((".", "~", os.sep)) or "\\" in source:
        raise InputError(f"{encoder} must name a folder with a model, but there is no folder {source!r}.")
    else:
        folder = _from_hub(encoder, source, extra)
    if not any(folder.rglob("*.safetensors")):
        raise InputError(
            f"{encoder} must have its weights as safetensors, as pickles can run code, but {folder} has none. "
            "Save it with save_pretrained(folder, safe_serialization=True) and name that folder."
        )
    return folder


def weights_digest(folder: Path) -> str:
    """sha256 over the names and contents of a model's files."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in READ and path.is_file())
    seen = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    return _digest(str(folder), seen)


@contextmanager
def loading(folder: Path, what: str) -> Iterator[None]:
    """While transformers reads a folder: quietly, and what goes wrong as one sentence.

    Parameters
    ----------
    folder : Path
    what : str
        What the model must read: "texts", "pictures" or "sounds".

    Raises
    ------
    InputError
        The folder holds no such model, or one whose files do not fit together.
    """
    logging = require("transformers.utils.logging", extra="transformers")
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"an encoder of {what} must be a folder that transformers can read, but {folder} gave: {why}"
        ) from None
    finally:
        if shown:
            logging.enable_progress_bar()


@lru_cache(maxsize=64)
def _digest(folder: str, files: tuple[tuple[str, int, int], ...]) -> str:
    return content_digest({Path(path).relative_to(folder).as_posix(): file_digest(Path(path)) for path, _, _ in files})


def _from_hub(encoder: str, source: str, extra: str) -> Path:
    hub = require("huggingface_hub", extra=extra)
    patterns = [f"*{ending}" for ending in READ]
    try:
        return Path(hub.snapshot_download(source, allow_patterns=patterns, local_files_only=True))
    except Exception:  # it is not here yet; each version of the library says so by an error of its own
        pass
    try:
        return Path(hub.snapshot_download(source, allow_patterns=patterns))
    except Exception as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise InputError(
            f"{encoder} must name a folder or a model of the hub, but {source!r} is no folder here and the hub gave: {why}. "
            f"Where there is a network, run `hf download {source} --local-dir FOLDER`, and name that folder."
        ) from None
