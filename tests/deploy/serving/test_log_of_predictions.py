"""The log: what was answered, by whom, and inputs only if they are asked for."""

import json
import sqlite3
import stat
import time

import pytest
from live_servers import serving

from fuseworthy.deploy.serving.capture import Capture
from fuseworthy.deploy.serving.settings import Settings
from fuseworthy.errors import InputError


def logged(path):
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    found = [dict(row) for row in connection.execute("SELECT * FROM predictions ORDER BY time, row")]
    connection.close()
    return found


@pytest.mark.parametrize("inputs", [False, True])
def test_every_row_answered_is_logged_with_every_single_and_the_route(vectors, tmp_path, inputs):
    path = tmp_path / "log.db"
    voice, face = [0.5] * 5, [0.5] * 3
    with serving(vectors[2], log=path, log_inputs=inputs) as client:
        _, first = client.post({"rows": [{"voice": voice, "face": face}, {"face": face}]})
        client.post({"rows": []})
    rows = logged(path)
    assert [(r["request"], r["row"], r["pattern"]) for r in rows] == [
        (first["request"], 0, "face+voice"),
        (first["request"], 1, "face"),
    ]
    for row, told in zip(rows, first["answers"], strict=True):
        assert (row["route"], row["version"]) == (told["route"], first["version"])
        assert json.loads(row["prediction"]) == told["probabilities"]
        assert json.loads(row["alone"]) == told["alone"]
        assert json.loads(row["fusion"]) == told["fusion"]
    assert (json.loads(rows[1]["inputs"]) == {"face": face}) if inputs else (rows[1]["inputs"] is None)


def test_a_log_goes_on_where_it_ended(vectors, tmp_path):
    for _ in range(2):
        with serving(vectors[2], log=tmp_path / "log.db") as client:
            client.post({"rows": [{"voice": [0.5] * 5}]})
    assert len(logged(tmp_path / "log.db")) == 2


def test_a_file_that_is_no_log_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not a database, but a text of some length\n" * 100)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE predictions (x)")
    other.commit()
    other.close()
    for name in ("notes.txt", "other.db"):
        with pytest.raises(InputError, match="must be a log of predictions or a new file"):
            Capture(tmp_path / name, print)


def test_what_the_writer_cannot_keep_up_with_is_dropped_and_counted(tmp_path, monkeypatch):
    dropped = []
    monkeypatch.setattr("fuseworthy.deploy.serving.capture.MOST_BEHIND", 5)
    monkeypatch.setattr("fuseworthy.deploy.serving.capture.EVERY", 5.0)
    log = Capture(tmp_path / "log.db", dropped.append)
    time.sleep(0.3)  # the writer has found nothing, and sleeps
    for i in range(8):
        log.note(str(i), "m", "v", [ANSWER], [{"note": "words"}])
    log.close()
    assert sum(dropped) == 3
    assert len(logged(tmp_path / "log.db")) == 5
    assert log._held == 0


ANSWER = {"pattern": "a", "route": "a/linear", "abstained": False, "prediction": 1.0, "fusion": None, "alone": {}}


def test_what_cannot_be_written_for_a_while_is_written_later(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("fuseworthy.deploy.serving.capture.BUSY", 0.05)
    monkeypatch.setattr("fuseworthy.deploy.serving.capture.EVERY", 0.02)
    dropped = []
    log = Capture(tmp_path / "log.db", dropped.append)
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for i in range(5):
        log.note(str(i), "m", "v", [ANSWER], None)
        time.sleep(0.1)
    assert logged(tmp_path / "log.db") == []
    other.execute("COMMIT")
    other.close()
    log.note("5", "m", "v", [ANSWER], None)
    log.close()
    assert [row["request"] for row in logged(tmp_path / "log.db")] == list("012345")
    assert dropped == []
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


def test_what_cannot_be_written_until_the_end_is_counted(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("fuseworthy.deploy.serving.capture.BUSY", 0.05)
    dropped = []
    log = Capture(tmp_path / "log.db", dropped.append)
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    log.note("0", "m", "v", [ANSWER] * 3, None)
    log.close()
    other.close()
    assert (sum(dropped), len(logged(tmp_path / "log.db"))) == (3, 0)
    assert "cannot be logged" in caplog.text


def test_files_that_wait_to_be_logged_do_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("fuseworthy.deploy.serving.capture.MOST_HELD", 5000)
    monkeypatch.setattr("fuseworthy.deploy.serving.capture.EVERY", 5.0)
    dropped = []
    log = Capture(tmp_path / "log.db", dropped.append)
    time.sleep(0.3)  # the writer has found nothing, and sleeps
    for i in range(4):
        log.note(str(i), "m", "v", [ANSWER], [{"photo": {"front": b"." * 200, "back": [[0.5] * 3, [0.5] * 3]}}])
    log.close()
    assert (len(dropped), len(logged(tmp_path / "log.db"))) == (2, 2)
    assert log._held == 0


def test_a_log_is_its_owner_s_alone_and_inputs_need_one(tmp_path):
    Capture(tmp_path / "log.db", print).close()
    assert stat.S_IMODE((tmp_path / "log.db").stat().st_mode) == 0o600
    with pytest.raises(InputError, match="Pass --log FILE"):
        Settings(log_inputs=True)
    with pytest.raises(InputError, match="must be a log of predictions or a new file"):
        Capture(tmp_path / "no" / "folder.db", print)


def test_names_in_answers_cannot_reach_the_database(tmp_path):
    log = Capture(tmp_path / "log.db", print)
    hostile = "'); DROP TABLE predictions; --"
    answer = {
        "pattern": hostile,
        "route": hostile,
        "abstained": False,
        "prediction": hostile,
        "fusion": None,
        "alone": {},
    }
    log.note(hostile, hostile, hostile, [answer], [{hostile: b"bytes"}])
    log.close()
    (row,) = logged(tmp_path / "log.db")
    assert row["pattern"] == hostile
    assert json.loads(row["inputs"])[hostile]["bytes"] == 5
