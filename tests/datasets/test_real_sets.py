"""The real sets; skipped where pip cannot download them."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fuseworthy.datasets import SETS, DownloadError, PackageGoneError, load
from fuseworthy.datasets import recipes as recipes_module
from fuseworthy.datasets.recipes import load_recipes
from fuseworthy.errors import InputError


def load_or_skip(loader, *arguments, **options):
    try:
        return loader(*arguments, **options)
    except DownloadError as error:
        pytest.skip(f"needs the network: {error}")


@pytest.fixture(scope="module")
def recipes():
    return load_or_skip(load, "recipes")


@pytest.fixture(scope="module")
def reviews():
    return load_or_skip(load, "reviews")


@pytest.fixture(scope="module")
def digits():
    return load_or_skip(load, "digits")


def counts(column):
    return {item["values"]: item["counts"] for item in pc.value_counts(column).to_pylist()}


@pytest.mark.parametrize("name", SETS)
def test_each_set_is_as_announced(name):
    table = load_or_skip(load, name)
    assert table.num_rows == SETS[name].rows
    assert table.column_names[0] == "id"
    assert pc.count_distinct(table["id"]).as_py() == table.num_rows
    assert table["id"].null_count == 0
    for target in SETS[name].targets:
        assert target in table.column_names
    assert table.schema.metadata is None


@pytest.mark.parametrize("name", SETS)
def test_loading_twice_gives_the_same_table_sorted_by_id(name):
    first, second = (load_or_skip(load, name) for _ in range(2))
    assert first.equals(second)
    ids = first["id"].to_pylist()
    assert ids == sorted(ids)


def test_recipes_keep_each_name_once(recipes):
    names = [name.strip().casefold() for name in recipes["name"].to_pylist()]
    assert len(set(names)) == len(names) == 4407
    assert counts(recipes["meal"]) == {"breakfast": 1393, "dinner": 1240, "snack": 961, "lunch": 813}
    assert {name: recipes[name].null_count for name in recipes.column_names if recipes[name].null_count} == {
        "ingredients": 4
    }


def test_recipes_can_keep_repeated_names():
    table = load_or_skip(load_recipes, repeated_names=True)
    assert table.num_rows == pc.count_distinct(table["id"]).as_py() == 4819
    assert counts(table["meal"]) == {"breakfast": 1625, "dinner": 1302, "snack": 1045, "lunch": 847}


def test_reviews_are_those_with_words(reviews):
    assert reviews.column_names == [
        "id", "title", "text", "age", "rating", "recommended", "feedback_count", "division", "department", "class_name",
        "clothing_id",
    ]  # fmt: skip
    nulls = {name: reviews[name].null_count for name in reviews.column_names if reviews[name].null_count}
    assert nulls == {"title": 2966, "text": 1, "division": 13, "department": 13, "class_name": 13}
    assert counts(reviews["recommended"]) == {1: 18541, 0: 4101}


def test_digits_have_six_views_and_200_of_each_digit(digits):
    widths = {field.name: field.type.list_size for field in digits.schema if pa.types.is_fixed_size_list(field.type)}
    assert widths == {"fac": 216, "fou": 76, "kar": 64, "mor": 6, "pix": 240, "zer": 47}
    assert counts(digits["digit"]) == dict.fromkeys(range(10), 200)


def test_digits_ids_do_not_list_one_class_after_another(digits):
    digit = digits["digit"].to_pylist()
    assert len(set(digit[:100])) == 10


def test_an_unknown_set_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="'recipe' came: the nearest is 'recipes'"):
        load("recipe")


def test_a_gone_package_offers_the_other_sets(monkeypatch):
    def gone(package):
        raise PackageGoneError("it is gone.")

    monkeypatch.setattr(recipes_module, "fetch", gone)
    with pytest.raises(PackageGoneError, match=r"it is gone\. Here that is 'reviews' or 'digits' or"):
        load("recipes")


def test_importing_the_datasets_loads_no_arrow():
    code = "import sys, fuseworthy.datasets; sys.exit(bool({'pyarrow', 'numpy', 'sklearn', 'torch', 'PIL'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
