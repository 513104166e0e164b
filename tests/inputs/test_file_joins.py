"""Files belong to rows by their names, several tables by their keys; nothing that merely looks alike is matched."""

import json
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import fuseworthy as fw
from fuseworthy.cli.app import app
from fuseworthy.datasets.png import grey_png
from fuseworthy.errors import InputError, PairingError
from fuseworthy.inputs.cache import table_digest
from fuseworthy.inputs.files import Files, join_files, parse_files
from fuseworthy.inputs.pairing import join_by_key

TABLE = pa.table({"id": [1, 2, 3, 3], "site": ["n", "s", "n", None], "y": [0, 1, 0, 1]})


def folder(tmp_path, *names):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_each_row_gets_the_path_that_its_columns_make_and_all_is_counted(tmp_path):
    root = folder(tmp_path, "photos/1.png", "photos/3.png", "photos/9.png", "photos/notes.txt")
    table, (notice,) = join_files(TABLE, {"photo": Files("photos/{id}.png")}, root)
    assert table["photo"].to_pylist() == ["photos/1.png", None, "photos/3.png", "photos/3.png"]
    assert "3 rows have one, 1 rows have none" in notice
    assert "first: 'photos/2.png'" in notice
    assert "1 files belong to no row (first: 'photos/9.png')" in notice
    assert "1 files serve several rows" in notice


def test_patterns_take_several_columns_and_leading_zeros(tmp_path):
    root = folder(tmp_path, "n/001.wav", "s/002.wav", "n/003.wav")
    table, (notice,) = join_files(TABLE, {"call": Files("{site}/{id:03d}.wav", kind="audio")}, root)
    assert table["call"].to_pylist() == ["n/001.wav", "s/002.wav", "n/003.wav", None]
    assert "1 rows have none" in notice


def test_several_files_of_a_row_are_refused_unless_they_are_pooled(tmp_path):
    root = folder(tmp_path, "p/1-a.png", "p/1-b.png", "p/11-a.png", "p/2-a.png")
    with pytest.raises(
        PairingError, match=r"1 rows have several \(first: row 1 has p/1-a.png, p/1-b.png\).*pool='mean'"
    ):
        join_files(TABLE, {"photo": Files("p/{id}-*.png")}, root)
    table, (notice,) = join_files(TABLE, {"photo": Files("p/{id}-*.png", pool="mean")}, root)
    assert table["photo"].to_pylist() == [["p/1-a.png", "p/1-b.png"], ["p/2-a.png"], None, None]
    assert "1 files belong to no row (first: 'p/11-a.png')" in notice


def test_a_star_in_a_cell_stands_for_itself(tmp_path):
    root = folder(tmp_path, "p/a-1.png", "p/[b]-1.png", "p/b-1.png")
    table = pa.table({"id": ["a", "[b]", "*"]})
    found, _ = join_files(table, {"photo": Files("p/{id}-*.png", pool="mean")}, root)
    assert found["photo"].to_pylist() == [["p/a-1.png"], ["p/[b]-1.png"], None]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("/photos/{id}.png", "stays under the root"),
        ("../{id}.png", "stays under the root"),
        ("a/../../{id}.png", "stays under the root"),
        ("~/{id}.png", "stays under the root"),
        ("http://host/{id}.png", "stays under the root"),
        ("C:/{id}.png", "stays under the root"),
        ("photos\\{id}.png", "stays under the root"),
        ("photos/1.png", "names none"),
        ("photos/{id!r}.png", "hold a column's name"),
        ("photos/{}.png", "hold a column's name"),
        ("photos/{id.png", "braces in pairs"),
        ("p*/{id}.png", "star may only stand"),
    ],
)
def test_patterns_that_lead_elsewhere_are_refused(pattern, message):
    with pytest.raises(InputError, match=message):
        Files(pattern)


@pytest.mark.parametrize("cell", ["../1", "a/../../1", "..\\1"])
def test_cells_that_lead_elsewhere_are_refused(tmp_path, cell):
    with pytest.raises(InputError, match="row 2 makes"):
        join_files(pa.table({"id": ["1", cell]}), {"photo": Files("p/{id}.png")}, folder(tmp_path, "p/1.png"))


def test_an_attribute_of_a_cell_is_no_column(tmp_path):
    with pytest.raises(InputError, match=r"'id\.__class__' is not"):
        join_files(TABLE, {"photo": Files("p/{id.__class__}.png")}, folder(tmp_path, "p/1.png"))


def test_what_cannot_be_right_is_refused_with_what_to_do(tmp_path):
    root = folder(tmp_path, "p/77.png")
    with pytest.raises(PairingError, match="there for none of 4"):
        join_files(TABLE, {"photo": Files("p/{id}.png")}, root)
    with pytest.raises(InputError, match="the nearest is 'id'"):
        join_files(TABLE, {"photo": Files("p/{idd}.png")}, root)
    with pytest.raises(PairingError, match="'site' is in the table already"):
        join_files(TABLE, {"site": Files("p/{id}.png")}, root)
    with pytest.raises(InputError, match=r"Pass root= \(--root\)"):
        join_files(TABLE, {"photo": Files("p/{id}.png")}, None)
    with pytest.raises(InputError, match="row 1"):
        join_files(TABLE, {"photo": Files("p/{site:03d}.png")}, root)
    for wrong in ({"kind": "text"}, {"kind": "audio", "pool": "mean"}, {"pool": "max"}):
        with pytest.raises(InputError):
            Files("p/{id}.png", **wrong)


def test_files_that_nearly_match_are_named_and_not_matched(tmp_path):
    root = folder(tmp_path, "p/A.PNG", "p/b.png")
    table, (notice,) = join_files(pa.table({"id": ["a", "b"]}), {"photo": Files("p/{id}.png")}, root)
    assert table["photo"].to_pylist() == [None, "p/b.png"]
    assert "p/A.PNG" not in notice  # another ending: it is none of these files
    (tmp_path / "p" / "A.png").write_bytes(b"x")
    _, (notice,) = join_files(pa.table({"id": ["a", "b"]}), {"photo": Files("p/{id}.png")}, root)
    assert "1 more would match but for spaces, case, accents or leading zeros" in notice
    assert "'p/a.png' here and 'p/A.png' there" in notice


def test_files_are_spelled_on_the_command_line():
    assert parse_files("p=image+mean:a/{id}-*.png") == ("p", Files("a/{id}-*.png", "image", "mean"))
    with pytest.raises(InputError, match="NAME=KIND:PATTERN"):
        parse_files("photos/{id}.png")


NFC, NFD = unicodedata.normalize("NFC", "Zoë"), unicodedata.normalize("NFD", "Zoë")


@pytest.mark.parametrize(
    ("here", "there", "pair"),
    [
        (["a", "b "], ["a", "b"], "'b ' here and 'b' there"),
        (["a", NFC], ["a", NFD], r"'Zo\xeb' here and 'Zoe\u0308' there"),
        (["a", "B"], ["a", "b"], "'B' here and 'b' there"),
        (["a", "7"], ["a", "007"], "'7' here and '007' there"),
    ],
    ids=["space", "accents", "case", "zeros"],
)
def test_keys_that_nearly_match_are_named_and_not_matched(here, there, pair):
    left, right = pa.table({"id": here}), pa.table({"id": there, "x": [1, 2]})
    joined, pairing = join_by_key(left, right, "id")
    assert joined["x"].to_pylist() == [1, None]
    assert pairing.near_count == 1
    assert f"such as {pair}: nothing is matched that differs" in str(pairing)
    with pytest.raises(PairingError, match=r"some keys must match.*1 more would match"):
        join_by_key(left.slice(1), right.slice(1), "id")


def test_a_number_against_text_says_what_would_match():
    with pytest.raises(
        PairingError, match=r"one type on both sides.*2 keys would match, such as 7 here and '007' there"
    ):
        join_by_key(pa.table({"id": [7, 8, 9]}), pa.table({"id": ["007", "8 ", "x"], "v": [1, 2, 3]}), "id")


def test_the_first_keys_without_a_partner_are_shown_and_a_row_without_a_key_has_none():
    left = pa.table({"id": [1, None, 5, 6, 7, 8]})
    joined, pairing = join_by_key(left, pa.table({"id": [1, 2], "x": [10, 20]}), "id")
    assert joined["x"].to_pylist() == [10, None, None, None, None, None]
    assert (pairing.left_keys, pairing.right_keys) == ((None, 5, 6), (2,))
    assert "5 rows have no partner (that part is missing there; first: None, 5, 6)" in str(pairing)
    assert "1 keys of the joined table are not used (first: 2)" in str(pairing)


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_but_the_order_of_rows(random):
    left = pa.table({"id": [str(i) for i in range(12)], "a": [i / 3 for i in range(12)]})
    right = pa.table({"id": [str(i) for i in range(4, 16)], "b": [[i, i * 0.1] for i in range(4, 16)]})
    expected = join_by_key(left, right, "id")[0].sort_by("id")
    rows, others = list(range(12)), list(range(12))
    random.shuffle(rows)
    random.shuffle(others)
    joined, _ = join_by_key(left.take(pa.array(rows)), right.take(pa.array(others)), "id")
    assert joined["id"].to_pylist() == [str(i) for i in rows]
    assert joined.sort_by("id").equals(expected)


def test_two_hundred_orders_give_one_table_and_seven_kinds_of_keys_are_matched_refused_or_counted():
    rng, n = np.random.default_rng(0), 50
    keys = [f"k{i}" for i in range(n)]
    left = pa.table({"id": keys, "a": rng.normal(size=n)})
    right = pa.table({"id": keys, "b": rng.normal(size=(n, 3)).astype(np.float32).tolist()})
    whole = table_digest(join_by_key(left, right, "id")[0])
    orders = [pa.array(rng.permutation(n)) for _ in range(200)]
    same = sum(table_digest(join_by_key(left, right.take(order), "id")[0]) == whole for order in orders)

    def joined(here, there):
        try:
            found = join_by_key(pa.table({"id": here}), pa.table({"id": there, "b": list(range(len(there)))}), "id")[1]
        except PairingError:
            return "refused"
        return found.matched, found.left_only, found.right_only, found.near_count

    kinds = {
        "numbers and '007'": joined([7, 8], ["007", "8"]),
        "twice": joined(["a", "b"], ["a", "a"]),
        "trailing spaces": joined(["a", "b "], ["a", "b"]),
        "accents": joined(["a", NFC], ["a", NFD]),
        "subset": joined(["a", "b", "c"], ["a", "c"]),
        "superset": joined(["a", "c"], ["a", "b", "c"]),
        "reordered": joined(["a", "b", "c"], ["c", "a", "b"]),
    }
    print(f"\nD10: {len(orders)} permutations, {same} bit-identical; matched, left only, right only, nearly: {kinds}")
    assert same == len(orders)
    assert kinds == {
        "numbers and '007'": "refused",
        "twice": "refused",
        "trailing spaces": (1, 1, 1, 1),
        "accents": (1, 1, 1, 1),
        "subset": (2, 1, 0, 0),
        "superset": (2, 0, 1, 0),
        "reordered": (3, 0, 0, 0),
    }


def two_files(n=160):
    rng = np.random.default_rng(0)
    a, b, keys = rng.normal(size=(n, 8)), rng.normal(size=(n, 8)), rng.permutation(n)
    y = (a[:, 0] + b[:, 0] > 0).astype(int)
    return pa.table({"id": keys, "a": a.tolist(), "y": y}), pa.table({"id": keys, "b": b.tolist()})


def test_a_shuffled_second_file_gives_the_same_ledger_byte_for_byte(tmp_path):
    left, right = two_files()
    moved = right.take(pa.array(np.random.default_rng(1).permutation(right.num_rows)))
    asked = {"id": "id", "repeats": 1, "folds": 3, "strategies": ["stacking"], "attribution": False, "anyway": True}
    asked["modalities"] = {"a": fw.Embedding("a"), "b": fw.Embedding("b")}
    for name, other in (("first", right), ("moved", moved)):
        fw.compare(left, "y", join={"id": other}, out=tmp_path / name, **asked)
    files = {
        name: {
            p.relative_to(tmp_path / name).as_posix(): p.read_bytes() for p in (tmp_path / name / "ledger").rglob("*.*")
        }
        for name in ("first", "moved")
    }
    assert files["first"] == files["moved"]
    assert len(files["first"]) > 0


def test_a_join_by_position_would_have_lost_what_a_join_by_key_keeps():
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(0)
    a, b, keys = rng.normal(size=800), rng.normal(size=800), rng.permutation(800)
    left = pa.table({"id": keys, "a": a, "y": ((a > 0) ^ (b > 0)).astype(int)})
    right = pa.table({"id": keys, "b": b}).take(pa.array(rng.permutation(800)))

    def auroc(table):
        model = HistGradientBoostingClassifier(max_iter=60, random_state=0)
        x = np.column_stack([table["a"], table["b"]])
        return cross_val_score(model, x, table["y"].to_numpy(), cv=3, scoring="roc_auc").mean()

    assert auroc(join_by_key(left, right, "id")[0]) > 0.97
    assert auroc(left.append_column("b", right["b"])) < 0.6


def pictures(tmp_path, n=60):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    (tmp_path / "photos").mkdir()
    for i in range(n - 2):
        (tmp_path / "photos" / f"{i}.png").write_bytes(
            grey_png(rng.integers(0, 90 + 90 * y[i], (16, 16)).astype(np.uint8))
        )
    table = pa.table({"id": np.arange(n), "size": rng.normal(size=n) + y, "y": [["no", "yes"][i] for i in y]})
    pq.write_table(table, tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


def test_files_become_a_modality_of_an_inspection(tmp_path):
    pytest.importorskip("PIL")
    seen = fw.inspect(pictures(tmp_path), "y", id="id", files={"photo": fw.Files("photos/{id}.png")})
    assert {m.name: (m.kind, m.present) for m in seen.modalities} == {"photo": ("image", 58), "table": ("tabular", 60)}
    assert any("58 rows have one, 2 rows have none" in notice for notice in seen.notices)
    assert [pair.modalities for pair in seen.pairing] == [("photo", "table")]


def test_files_are_compared_from_the_command_line(tmp_path):
    pytest.importorskip("PIL")
    words = ["compare", pictures(tmp_path), "--target", "y", "--id", "id", "--files", "photo=image:photos/{id}.png",
             "--out", tmp_path / "run", "--repeats", 1, "--folds", 2, "--strategies", "mean", "--no-attribution"]  # fmt: skip
    assert CliRunner().invoke(app, list(map(str, words))).exit_code == 0
    plan = json.loads((tmp_path / "run" / "study.json").read_text())
    assert "2 rows have none" in json.dumps(plan)
    assert '"photo and table"' in json.dumps(plan)


def test_inspect_joins_several_tables_by_their_own_keys(tmp_path):
    table = pa.table({"visit": np.arange(40), "ward": [f"w{i % 7}" for i in range(40)], "y": np.arange(40) % 2})
    pq.write_table(table, tmp_path / "left.parquet")
    pq.write_table(pa.table({"visit": np.arange(40), "age": np.arange(40) * 1.5}), tmp_path / "ages.parquet")
    pq.write_table(
        pa.table({"ward": [f"w{i}" for i in range(8)], "beds": np.arange(8) * 3}), tmp_path / "wards.parquet"
    )
    words = ["inspect", "left.parquet", "-t", "y", "--join", "ages.parquet", "--on", "visit", "--join", "wards.parquet",
             "--on", "ward", "--json"]  # fmt: skip
    found = CliRunner().invoke(app, [str(tmp_path / w) if w.endswith(".parquet") else w for w in words])
    notices = json.loads(found.stdout)["notices"]
    assert any("ages.parquet joined by 'visit': 40 rows matched" in n for n in notices)
    assert any(
        "wards.parquet joined by 'ward': 40 rows matched" in n and "1 keys" in n and "'w7'" in n for n in notices
    )
