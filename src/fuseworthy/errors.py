"""Every error this package raises on purpose: what must hold, what came instead, what to do."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class FuseworthyError(ValueError):
    """Base of all errors a user can cause and mend. The command line prints it as one sentence, exit code 2."""


class InputError(FuseworthyError):
    """A table, file, column or option is not what it must be."""


class PairingError(InputError):
    """Rows of several files cannot be paired by key without guessing."""


class FoldError(FuseworthyError):
    """The rows cannot be split as asked."""


class LedgerError(FuseworthyError):
    """Predictions do not belong together: other rows, other folds, or a damaged file."""


class StudyError(FuseworthyError):
    """A run on disk cannot be started, resumed or finished."""


class MissingExtraError(FuseworthyError, ImportError):
    """An optional package is needed and not installed."""


class UnseenAbsenceWarning(UserWarning):
    """Rows lack a modality that no row lacked in fit, so that what is said of them was never learned."""


class UnreadableFilesWarning(UserWarning):
    """Some files cannot be read, so that their rows lack the modality."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant.

    Examples
    --------
    >>> nearest("titel", ["title", "text"])
    "the nearest is 'title'"
    >>> nearest("zzz", ["title", "text"])
    "there are 'text', 'title'"
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if not close:
        folded = {n.casefold(): n for n in names}
        close = [folded[c] for c in difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)]
    if close:
        return f"the nearest is {close[0]!r}"
    shown = ", ".join(repr(n) for n in names[:8])
    return f"there are {shown}" + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def first_line(error: BaseException) -> str:
    """What another library's error says, in one line without a full stop.

    Examples
    --------
    >>> first_line(OSError("no such thing.\\nAt line 7")), first_line(KeyError())
    ('no such thing', 'KeyError')
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]


def require(module: str, extra: str) -> ModuleType:
    """Import an optional package, or say how to install it.

    Raises
    ------
    MissingExtraError
        The package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{module} is needed here but is not installed. Install it with: pip install 'fuseworthy[{extra}]'"
        ) from error
