"""Files are read as they are; what cannot be read is named by file, row and column."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from fuseworthy.errors import InputError
from fuseworthy.inputs.tables import read_table


def read(path):
    return read_table(path)[0]


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_every_format_gives_the_same_table(tmp_path, table):
    pq.write_table(table, tmp_path / "t.parquet")
    pyarrow.feather.write_feather(table, tmp_path / "t.feather")
    with pa.ipc.new_stream(tmp_path / "t.arrow", table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(row) for row in table.to_pylist()))
    table.to_pandas().to_csv(tmp_path / "t.csv", index=False)
    for name in ("t.parquet", "t.feather", "t.arrow", "t.jsonl", "t.csv"):
        assert read(tmp_path / name).to_pylist() == table.to_pylist(), name


def test_frames_of_every_library_give_the_same_table(table, to_frame):
    assert read(to_frame(table)).to_pylist() == table.to_pylist()


def test_a_missing_file_is_named_with_the_nearest(tmp_path):
    write(tmp_path, "reviews.csv", "a\n1\n")
    with pytest.raises(InputError, match=r"reviewz\.csv does not: the nearest is 'reviews\.csv'"):
        read(tmp_path / "reviewz.csv")


def test_a_ragged_row_is_named_by_its_number(tmp_path):
    path = write(tmp_path, "t.csv", "a,b\n1,2\n3,4,5\n6,7\n")
    with pytest.raises(InputError, match=r"must have 2 cells, but row 3 has 3"):
        read(path)


def test_bytes_that_are_not_utf8_are_named_by_row_and_column(tmp_path):
    path = write(tmp_path, "t.csv", b"a,b\n1,x\n2,caf\xe9\n")
    with pytest.raises(InputError, match=r"column 'b' of row 3"):
        read(path)


def test_a_broken_json_line_is_named(tmp_path):
    path = write(tmp_path, "t.jsonl", '{"a": 1}\n{"a": \n{"a": 3}\n')
    with pytest.raises(InputError, match="line 2"):
        read(path)


def test_a_column_of_two_types_is_named_by_row(tmp_path):
    path = write(tmp_path, "t.jsonl", '{"a": 1}\n{"a": "x"}\n')
    with pytest.raises(InputError, match=r"column 'a'.*row 2 is str"):
        read(path)


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_parquet_file_is_refused(tmp_path, table, cut):
    pq.write_table(table, tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    path = write(tmp_path, "t.parquet", whole[: int(len(whole) * cut)])
    with pytest.raises(InputError, match=r"must be a readable Parquet file"):
        read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "is empty"), ("a,b\n", "must have rows"), ("a,a\n1,2\n", "must be unique, but 'a'")],
)
def test_tables_without_rows_or_with_double_names_are_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read(write(tmp_path, "t.csv", content))


def test_an_unknown_ending_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="told by its ending"):
        read(write(tmp_path, "t.xlsx", "x"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="regular file"):
        read(tmp_path / "folder.csv")


def test_something_that_is_no_table_is_refused():
    with pytest.raises(InputError, match="pandas, polars or Arrow"):
        read({"a": [1]})


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", ""], pa.int64()),
        (["1", "2.5", "NA"], pa.float64()),
        (["1e3", "-.5", "7"], pa.float64()),
        (["007", "008", "009"], pa.string()),
        (["9007199254740993", "1", "2"], pa.string()),
        (["true", "False", "TRUE"], pa.bool_()),
        (["2024-01-31", "2024-02-01", ""], pa.timestamp("us")),
        (["2024-01-31T10:00:00Z", "2024-02-01T10:00:00Z", ""], pa.timestamp("us", "UTC")),
        (["2024-13-45", "2024-02-01", ""], pa.string()),
        (["2024-01-31", "2024-02-01T10:00:00Z", ""], pa.string()),
        (["NA", "yes", "no"], pa.string()),
        (["12", "13", "n.a."], pa.string()),
    ],
)
def test_a_csv_column_gets_a_type_only_if_every_cell_fits(tmp_path, cells, kind):
    path = write(tmp_path, "t.csv", "x,y\n" + "".join(f"{cell},1\n" for cell in cells))
    assert read(path).schema.field("x").type == kind


def test_what_is_read_as_missing_or_as_text_is_said(tmp_path):
    rows = ["NA,1", "2,2"] + [f"{i},{i}" for i in range(20)] + ["7,abc"]
    table, notices = read_table(write(tmp_path, "t.csv", "x,y\n" + "\n".join(rows) + "\n"))
    assert any("'x'" in line and "1 cells such as 'NA'" in line for line in notices)
    assert any("'y' is read as text" in line and "'abc' in row 24" in line for line in notices)
    assert table["x"].null_count == 1


def test_quoted_cells_may_hold_delimiters_quotes_and_newlines(tmp_path):
    path = write(tmp_path, "t.csv", '\ufefftext;n\n"a; ""b""\nc";1\nplain;2\n')
    assert read(path).to_pylist() == [{"text": 'a; "b"\nc', "n": 1}, {"text": "plain", "n": 2}]


def test_extension_types_are_refused():
    table = pa.table({"u": pa.array([b"0" * 16, b"1" * 16], pa.binary(16)).cast(pa.uuid())})
    with pytest.raises(InputError, match="extension type"):
        read(table)


def test_random_bytes_never_crash_the_csv_reader(tmp_path):
    rng = np.random.default_rng(0)
    alphabet = np.frombuffer(b'ab1.,;\n\r"\t\x00\xc3\xa9 -', dtype=np.uint8)
    for i in range(300):
        path = write(tmp_path, f"{i}.csv", rng.choice(alphabet, rng.integers(1, 80)).tobytes())
        try:
            read(path)
        except InputError:
            continue
