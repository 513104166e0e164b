"""The command line: quick to answer, one sentence and exit code 2 for bad input, the same verdict as Python."""

import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fuseworthy.cli.app import app
from mixed_tables import mixed_table

HEAVY = ("sklearn", "torch", "scipy", "pandas", "pyarrow", "PIL", "skimage", "soundfile", "soxr", "av")
LOADED = f"import sys; {{}}; print([m for m in {HEAVY} if m in sys.modules])"


def run(*arguments, cwd=None):
    environment = os.environ | {"COLUMNS": "110", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "fuseworthy", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
    )


@pytest.mark.parametrize("code", ["import fuseworthy", "import fuseworthy.cli.app"])
def test_importing_loads_nothing_heavy(code):
    found = subprocess.run([sys.executable, "-c", LOADED.format(code)], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_help_loads_neither_scikit_learn_nor_torch():
    code = (
        "import sys\nfrom fuseworthy.cli import main\nsys.argv = ['fuseworthy', 'compare', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not {'sklearn', 'torch', 'scipy', 'PIL', 'skimage'} & set(sys.modules), 'heavy'"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).returncode == 0


@pytest.mark.parametrize(
    "command", ["", "compare", "compress", "judge", "inspect", "predict", "checks", "selftest", "demo", "data"]
)
def test_every_command_explains_itself(command):
    found = CliRunner().invoke(app, [*([command] if command else []), "--help"])
    assert found.exit_code == 0
    assert "Usage" in found.output
    if command in ("compare", "judge", "predict", "inspect", "checks", "selftest", "data"):
        assert "Example: fuseworthy" in found.output


def test_compare_prints_singles_first_then_the_verdict_and_paths(tmp_path):
    pq.write_table(mixed_table(), tmp_path / "t.parquet")
    found = run(
        "compare",
        "t.parquet",
        "--target",
        "label",
        "--id",
        "key",
        "--folds",
        3,
        "--repeats",
        1,
        "--strategies",
        "mean,stacking",
        "--worth",
        "0.3",
        "--slice",
        "shop",
        "--anyway",
        "--no-attribution",
        "--jobs",
        1,
        cwd=tmp_path,
    )
    assert found.returncode == 0, found.stderr
    assert "margin 0.3" in " ".join(found.stdout.split())
    assert "shop = " in (tmp_path / "runs" / "t-label" / "note.md").read_text()
    assert found.stderr.index("note") < found.stderr.index("What each modality gives alone")
    assert found.stdout.index("note/linear") < found.stdout.index("stacking") < found.stdout.index("Deploy")
    assert "runs/t-label/note.md" in found.stdout
    assert (tmp_path / "runs" / "t-label" / "report.html").exists()
    assert "nan" not in found.stdout.lower().split()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "none.csv", "--target", "y"], "must be a file that exists"),
        (["compare", "t.parquet", "--target", "lable"], "the nearest is 'label'"),
        (["compare", "t.parquet", "--target", "label", "--modality", "a=txt:note"], "the nearest is 'text'"),
        (["compare", "t.parquet", "--target", "label", "--modality", "a:note"], "NAME=KIND:COLUMN"),
        (["compare", "t.parquet", "--target", "label", "--modality", "a=image:note,size"], "image must be one column"),
        (["compare", "t.parquet", "--target", "label", "--join", "t.parquet"], "never by position"),
        (["compare", "ragged.csv", "--target", "b"], "row 3 has 3"),
        (["judge", "t.parquet", "--target", "label", "--single", "p", "--fusion", "q=size"], "NAME=COLUMN"),
        (["judge", "t.parquet", "--target", "label", "--single", "p=size", "--fusion", "q=size"], "probabilities"),
        (["inspect", "t.parquet", "--target", "lable"], "the nearest is 'label'"),
        (["inspect", "t.parquet", "--target", "label,shop"], "one target at a time"),
        (["compare", "t.parquet", "--target", "label", "--worth", "cheap"], "0.5ms:0.002"),
        (["compare", "t.parquet", "--target", "label", "--slice", "shp"], "the nearest is 'shop'"),
        (["compare", "t.parquet", "--target", "label", "--decide-on", "ac"], "metric must be one that fits"),
        (["checks", "F999"], "F0"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(tmp_path, arguments, message):
    pq.write_table(mixed_table(), tmp_path / "t.parquet")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3,4,5\n")
    found = run(*arguments, cwd=tmp_path)
    assert found.returncode == 2
    assert message in found.stderr
    assert found.stderr.count("\n") == 1
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "runs").exists()


def test_debug_shows_the_traceback(tmp_path):
    found = run("--debug", "compare", "none.csv", "--target", "y", cwd=tmp_path)
    assert found.returncode == 2
    assert "Traceback" in found.stderr


def predictions(n=400, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    x = (2 * y - 1) * np.array([[1.0], [0.7]]) + rng.normal(size=(2, n))
    p = 1 / (1 + np.exp(-2 * x * np.array([[1.0], [0.7]])))
    both = 1 / (1 + np.exp(-2 * (x[0] + 0.7 * x[1])))
    return pa.table({"y": y, "p_text": p[0], "p_tab": p[1], "p_late": both})


def test_judge_gives_a_verdict_on_a_held_out_set_and_says_what_it_is(tmp_path):
    pq.write_table(predictions(), tmp_path / "p.parquet")
    found = run(
        "judge",
        "p.parquet",
        "--target",
        "y",
        "--single",
        "text=p_text",
        "--single",
        "table=p_tab",
        "--fusion",
        "late=p_late",
        "--out",
        "judged",
        cwd=tmp_path,
    )
    assert found.returncode == 0, found.stderr
    assert "FUSE" in found.stdout
    assert "one held-out set" in found.stderr
    verdict = json.loads((tmp_path / "judged" / "verdict.json").read_text())["content"]
    assert verdict["outcome"] == "FUSE"
    assert "held-out" in (tmp_path / "judged" / "note.md").read_text()


def test_inspect_prints_text_or_json_and_trains_nothing(tmp_path):
    pq.write_table(mixed_table(), tmp_path / "t.parquet")
    found = run("inspect", "t.parquet", "--target", "label", cwd=tmp_path)
    assert found.returncode == 0
    assert "note" in found.stdout
    facts = json.loads(run("inspect", "t.parquet", "--target", "label", "--json", cwd=tmp_path).stdout)
    assert facts["rows"] == 160
    assert not (tmp_path / "runs").exists()


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path):
    import signal
    import time

    pq.write_table(mixed_table(800), tmp_path / "t.parquet")
    out = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "fuseworthy",
        "compare",
        "t.parquet",
        "--target",
        "label",
        "--id",
        "key",
        "--out",
        str(out),
        "--jobs",
        "2",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(out.glob("receipts/r*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "the same command goes on from there" in stderr


def test_data_lists_the_sets_and_names_the_nearest():
    listed = run("data")
    assert listed.returncode == 0
    assert all(name in listed.stdout for name in ("recipes", "easy-vqa", "watch-3s"))
    wrong = run("data", "easy-vqq")
    assert wrong.returncode == 2
    assert "the nearest is 'easy-vqa'" in wrong.stderr
