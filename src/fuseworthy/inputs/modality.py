"""The modality kinds: which columns belong together, and what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fuseworthy.errors import InputError
from fuseworthy.inputs.encoder_names import TEXTS, view_names


@dataclass(frozen=True, init=False)
class Modality:
    """One kind of evidence: a set of columns encoded together."""

    kind: ClassVar[str] = ""
    columns: tuple[str, ...]

    def __init__(self, *columns: str) -> None:
        if not columns:
            raise InputError(f"{type(self).__name__} must name at least one column, but none came.")
        if repeated := {c for c in columns if columns.count(c) > 1}:
            raise InputError(f"a column must be named once in a modality, but {min(repeated)!r} came twice.")
        object.__setattr__(self, "columns", tuple(columns))

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "columns": list(self.columns)}


SIGNS = "/|+"
"""Signs that names of strategies, of sets of modalities and of columns in ledgers use."""


def is_name(name: Any) -> bool:
    """Whether a modality can be called so."""
    from fuseworthy.inputs.blocks import NOTHING

    return isinstance(name, str) and bool(name.strip()) and name != NOTHING and not set(name) & set(SIGNS)


def require_name(name: Any) -> None:
    """Refuse what cannot be a modality's name.

    Raises
    ------
    InputError

    Examples
    --------
    >>> require_name("none")
    Traceback (most recent call last):
    ...
    fuseworthy.errors.InputError: a modality's name must not be empty, be 'none' or hold '/', '|' or '+', but 'none' came.
    """
    if not is_name(name):
        raise InputError(f"a modality's name must not be empty, be 'none' or hold '/', '|' or '+', but {name!r} came.")


class Text(Modality):
    """Free text: one or more string columns read as one document.

    Parameters
    ----------
    *columns : str
    encoders : sequence of str
        What the learners read, one or several: ``tfidf``, weights of words and characters; ``words``, the words as
        tokens, without a vocabulary; ``minilm``, MiniLM-L6 sentence embeddings (extra ``minilm``);
        ``model2vec:ID-or-folder``, static embeddings (extra ``model2vec``); ``hf:ID-or-folder`` and
        ``hf-tokens:ID-or-folder``, a transformer's embedding of the text, or of its tokens (extra ``transformers``).

    Examples
    --------
    >>> Text("title", "text").columns
    ('title', 'text')
    """

    kind: ClassVar[str] = "text"
    encoders: tuple[str, ...]

    def __init__(self, *columns: str, encoders: Sequence[str] = ("tfidf",)) -> None:
        super().__init__(*columns)
        object.__setattr__(self, "encoders", TEXTS.checked(encoders))

    @property
    def views(self) -> dict[str, str]:
        """The name of each encoded view -> its encoder."""
        return view_names(self.encoders)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"encoders": list(self.encoders)}


class Tabular(Modality):
    """Numbers, categories, flags and dates."""

    kind: ClassVar[str] = "tabular"


class Embedding(Modality):
    """Ready vectors: one column of equal-length lists, or several number columns side by side.

    A column whose cells are lists of vectors, a different number in each row, is a sequence: the frames of a clip, the
    patches of an image, the words of a text. A row with a missing cell or an empty list lacks the modality.

    Parameters
    ----------
    *columns : str
    times : str, optional
        Of a sequence: a column of lists, one number for each vector, never decreasing. Count them in one unit for all
        modalities, from the row's own beginning.

    Examples
    --------
    >>> Embedding("frames", times="seconds").columns
    ('frames', 'seconds')
    """

    kind: ClassVar[str] = "embedding"
    times: str | None

    def __init__(self, *columns: str, times: str | None = None) -> None:
        super().__init__(*columns)
        if times is not None:
            if len(columns) > 1:
                raise InputError(f"times= must come with one column of sequences, but {len(columns)} columns came.")
            super().__init__(*columns, times)
        object.__setattr__(self, "times", times)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | ({"times": self.times} if self.times is not None else {})
