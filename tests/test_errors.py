"""Errors: the nearest known name, the extra to install, one base for the command line."""

from __future__ import annotations

import json
import sys

import pytest

from fuseworthy import errors
from fuseworthy.errors import FuseworthyError, MissingExtraError, nearest, require


@pytest.mark.parametrize(
    ("asked", "known", "answer"),
    [
        ("titel", ["title", "text"], "the nearest is 'title'"),
        ("TITLE", ["title", "text"], "the nearest is 'title'"),
        ("reveiw", ["Review", "price"], "the nearest is 'Review'"),
        ("zzz", ["title", "text"], "there are 'text', 'title'"),
        ("zzz", [f"c{i}" for i in range(8)], "there are " + ", ".join(f"'c{i}'" for i in range(8))),
        ("zzz", [f"c{i}" for i in range(9)], "there are " + ", ".join(f"'c{i}'" for i in range(8)) + " and 1 more"),
    ],
)
def test_the_nearest_name_is_shown_or_the_first_few(asked, known, answer):
    assert nearest(asked, known) == answer


def test_known_names_may_be_any_iterable_of_names():
    assert nearest("titel", {"title": 1}) == nearest("titel", iter(["title"])) == "the nearest is 'title'"


def test_a_package_that_is_there_is_returned():
    assert require("json", extra="none") is json


def test_a_package_that_is_not_there_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"polars is needed here.*pip install 'fuseworthy\[polars\]'") as caught:
        require("polars", extra="polars")
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value.__cause__, ImportError)


def test_every_error_of_ours_is_one_the_command_line_prints_as_a_sentence():
    ours = [
        e
        for e in vars(errors).values()
        if isinstance(e, type) and issubclass(e, Exception) and not issubclass(e, Warning)
    ]
    assert len(ours) >= 7
    assert all(issubclass(e, FuseworthyError) and issubclass(e, ValueError) and e.__doc__ for e in ours)
