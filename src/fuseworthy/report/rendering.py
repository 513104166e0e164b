"""The two template environments: HTML escapes everything by itself, Markdown too."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jinja2

from fuseworthy.report import numerals
from fuseworthy.report.inert import Markdown, code_block, isolated, markdown, short
from fuseworthy.report.wording import TERMS, is_docs, splits, without_durations

_LOADER = jinja2.PackageLoader("fuseworthy.report", "templates")
_SHARED: dict[str, Any] = {
    "gain": numerals.gain,
    "span": numerals.span,
    "score": numerals.score,
    "plain": numerals.plain,
    "count": numerals.count,
    "percent": numerals.percent,
    "p_value": numerals.p_value,
    "p_equals": numerals.p_equals,
    "brief": numerals.brief,
    "seconds": numerals.seconds,
    "short": short,
    "splits": splits,
    "is_docs": is_docs,
}


def _environment(**options: Any) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=_LOADER, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, **options
    )
    environment.globals.update(TERMS=TERMS)
    environment.filters.update(_SHARED)
    return environment


def _number(show: Callable[[object], str]) -> Callable[[object], Markdown]:
    return lambda value: Markdown(show(value))


@cache
def html_environment() -> jinja2.Environment:
    """Return the environment of pages and fragments."""
    environment = _environment(autoescape=True, finalize=lambda value: numerals.UNKNOWN if value is None else value)
    environment.filters["name"] = isolated
    return environment


@cache
def markdown_environment() -> jinja2.Environment:
    """Return the environment of notes: whatever a template prints is escaped unless it is Markdown already."""
    environment = _environment(autoescape=False, finalize=markdown, keep_trailing_newline=True)
    environment.filters.update(
        p_equals=_number(numerals.p_equals), p_value=_number(numerals.p_value), percent=_number(numerals.percent)
    )
    environment.filters.update(code_block=code_block, without_durations=without_durations)
    return environment
