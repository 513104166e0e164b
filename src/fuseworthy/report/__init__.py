"""Facts to note, page and summary: one dict of facts goes in, text comes out, and nothing statistical is computed."""

from fuseworthy.report.note import render_note
from fuseworthy.report.page import render_page
from fuseworthy.report.summary import render_fragment, render_text

__all__ = ["render_fragment", "render_note", "render_page", "render_text"]
