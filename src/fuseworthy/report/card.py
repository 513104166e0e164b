"""The model card: what a person needs to know before relying on a model, and the fusion note that led to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fuseworthy.report.inert import Markdown, inert
from fuseworthy.report.rendering import markdown_environment


def render_card(facts: Mapping[str, Any], note: str = "") -> str:
    """Write the model card in Markdown (after Mitchell et al. 2019).

    Parameters
    ----------
    facts : Mapping
        ``name``, ``target``, ``task``, ``classes``, ``modalities``, ``routes``, ``limits``, ``threshold``, ``verdict``,
        ``rows``, ``keeps_rows``, ``keeps_digests`` and ``versions`` of a model.
    note : str
        The fusion note, which is Markdown already; its headings move down a level.
    """
    below = Markdown(re.sub(r"^(#{1,5} )", r"#\1", note, flags=re.MULTILINE))
    text = markdown_environment().get_template("card.md.j2").render(m=inert(dict(facts)), note=below)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
