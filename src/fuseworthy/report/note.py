"""The fusion note: what was asked, what was found and why, for someone who was not there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fuseworthy.report.reading import read
from fuseworthy.report.rendering import markdown_environment


def render_note(facts: Mapping[str, Any], timings: bool = False) -> str:
    """Write the fusion note in Markdown.

    Parameters
    ----------
    facts : Mapping
        The facts of a study.
    timings : bool, default=False
        Append what each strategy took in seconds. Off by default, because seconds differ from run to run and two
        runs with the same seed must give the same note.

    Returns
    -------
    str
        Markdown in which every name and snippet is plain text.
    """
    reading = read(facts)
    text = markdown_environment().get_template("note.md.j2").render(reading=reading, timings=timings)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
