"""Cells that name files: nothing outside the root is opened, nothing blocks, and what cannot be opened is told apart."""

import os
import sys
import threading

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import encode_rows, learn_encodings
from fuseworthy.inputs.encoders.recordings import content_of, openable
from fuseworthy.inputs.infer import infer_modalities
from fuseworthy.inputs.kinds import modality_from_dict
from fuseworthy.inputs.media.assets import Refused, Unreadable, locate, open_cell
from fuseworthy.inputs.media.formats import kind_of
from made_files import image, picture_bytes, reasons, sound_bytes

OPENED: list[str] = []
WATCHING = threading.Event()


def _watch(event, arguments):
    if isinstance(arguments[0] if arguments else None, int):
        return  # a file that is open already, by its number
    if WATCHING.is_set() and event in (
        "open",
        "socket.__new__",
        "socket.connect",
        "socket.getaddrinfo",
        "subprocess.Popen",
        "os.system",
    ):
        OPENED.append(f"{event} {arguments[0]}")


sys.addaudithook(_watch)


@pytest.fixture
def folder(tmp_path):
    """A root with one picture, a secret beside it, and links that lead out."""
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a.png").write_bytes(picture_bytes())
    (tmp_path / "secret.png").write_bytes(picture_bytes(1))
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "out").symlink_to(tmp_path)
    (tmp_path / "root-beside").mkdir()
    (tmp_path / "root-beside" / "b.png").write_bytes(picture_bytes(2))
    return root


PAYLOADS = {
    "parent": "../secret.png",
    "deep-parent": "sub/../../secret.png",
    "far-parent": "../../../../../../../../etc/passwd",
    "absolute": "/etc/passwd",
    "beside": "{root}-beside/b.png",
    "home": "~/secret.png",
    "home-of": "~root/.ssh/id_rsa",
    "variable": "$HOME/secret.png",
    "braces": "${HOME}/secret.png",
    "command": "$(cat /etc/passwd)",
    "percent": "%USERPROFILE%/secret.png",
    "file": "file:///etc/passwd",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "https": "https://example.org/a.png",
    "ftp": "FTP://example.org/a.png",
    "unc": "\\\\host\\share\\a.png",
    "slashes": "//host/share/a.png",
    "drive": "C:\\Windows\\win.ini",
    "backslash": "..\\..\\secret.png",
    "nul": "a.png\0.jpg",
    "long-name": "a" * 300 + ".png",
    "long-path": "sub/../" * 700 + "a.png",
    "link": "link.png",
    "link-folder": "out/secret.png",
}


def refusals(folder, cell):
    """What each of the ways to a file says of a cell that leads out, as all that was opened meanwhile is watched."""
    table, recording = pa.table({"p": ["a.png", cell]}), fw.Image("p", root=folder)
    ways = (
        lambda: content_of(recording, table),
        lambda: learn_encodings(table, {"photo": recording}),
        lambda: openable(recording, table),
    )
    OPENED.clear()
    WATCHING.set()
    try:
        with pytest.raises(Refused):
            open_cell(cell, folder)
        found = []
        for way in ways:
            with pytest.raises(InputError, match="row 2 holds") as refused:
                way()
            found.append(str(refused.value))
    finally:
        WATCHING.clear()
    return found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_path_out_of_the_root_is_refused_and_says_what_to_do(folder, payload):
    assert all("root=" in said for said in refusals(folder, PAYLOADS[payload].replace("{root}", str(folder))))


def test_no_payload_opens_a_file_outside_the_root_or_a_socket(folder):
    with pytest.raises(InputError):  # what is imported on the way is opened now
        content_of(fw.Image("p", root=folder), pa.table({"p": ["/etc/passwd"]}))
    assert len(image(["a.png"], root=folder)) == 2
    refused, opened = 0, []
    for cell in PAYLOADS.values():
        refused += len(refusals(folder, cell.replace("{root}", str(folder)))) == 3
        opened += OPENED
    paths = [line.removeprefix("open ") for line in opened if line.startswith("open ")]
    outside = [path for path in paths if not os.path.realpath(path).startswith(f"{os.path.realpath(folder)}{os.sep}")]
    others = [line for line in opened if not line.startswith("open ")]
    print(f"\nD19: {len(PAYLOADS)} payloads, {refused} refused; {len(paths)} files opened under the root, ", end="")
    print(f"{len(outside)} outside it; {len(others)} sockets and processes")
    assert (refused, outside, others) == (len(PAYLOADS), [], [])
    assert paths  # the watch sees what is opened: the harmless picture beside each payload


@pytest.mark.parametrize("cell", ["a.png", "./a.png", "sub/../a.png", "{root}/a.png", "price$.png", "100%.png"])
def test_a_path_under_the_root_is_opened(folder, cell):
    for name in ("price$.png", "100%.png"):
        (folder / name).write_bytes(picture_bytes())
    with open_cell(cell.replace("{root}", str(folder)), folder) as opened:
        assert kind_of(opened.read(16)) == "image"


def test_a_root_that_is_a_link_itself_is_followed(folder, tmp_path):
    (tmp_path / "alias").symlink_to(folder)
    for cell in ("a.png", f"{tmp_path}/alias/a.png", f"{folder}/a.png"):
        assert locate(cell, tmp_path / "alias") == folder.resolve() / "a.png"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_nothing_that_is_no_file_blocks(folder):
    os.mkfifo(folder / "pipe")
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "empty.png").touch()
    cells = {
        "pipe": "no regular file",
        "sub": "a folder",
        "circle": "circle",
        "empty.png": "0 bytes",
        "none.png": "no such",
    }
    found = []

    def look():
        for cell in cells:
            try:
                open_cell(cell, folder)
            except Unreadable as why:
                found.append(str(why))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(timeout=1.0)
    assert not thread.is_alive()
    assert all(word in why for word, why in zip(cells.values(), found, strict=True)), found


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="a superuser may read everything")
def test_a_file_without_permission_is_unreadable(folder):
    (folder / "a.png").chmod(0)
    with pytest.raises(Unreadable, match="permission"):
        open_cell("a.png", folder)


def test_a_missing_file_is_unreadable_and_an_empty_cell_is_missing(folder):
    block = image(["a.png", None, "  ", "gone.png"], root=folder)["statistics"]
    assert block.present.tolist() == [True, False, False, False]
    assert block.meta["unreadable"]["rows"] == [4]
    assert block.meta["unreadable"]["first"][0]["item"] == "'gone.png'"
    assert reasons(block) == [(4, "no such file")]


def test_relative_paths_of_a_data_frame_need_a_root():
    with pytest.raises(InputError, match=r"Pass root= \(--root\)"):
        image(["a.png"])


def test_a_column_of_another_type_is_refused():
    with pytest.raises(InputError, match="must hold paths, bytes, but 'cell' has type int64"):
        image([1, 2])


@pytest.mark.parametrize(
    "modality",
    [
        fw.Text("a", encoders=("tfidf", "minilm")),
        fw.Tabular("a", "b"),
        fw.Embedding("v", times="t"),
        fw.Image("a", "b", pool="mean", encoders=("patches",), root="pictures"),
        fw.Audio("a", rate=8_000, longest=3, encoders=("frames",)),
        fw.Video("a", per_second=4, longest=9, root="films"),
        fw.Series("x", "y", rate=50, window=2.0),
    ],
    ids=lambda modality: modality.kind,
)
def test_every_kind_is_what_its_dict_says(modality):
    again = modality_from_dict(modality.to_dict())
    assert type(again) is type(modality)
    assert again.to_dict() == modality.to_dict()
    assert again == modality


def test_columns_of_files_are_inferred_from_endings_that_exist_and_from_first_bytes(folder):
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "photo": ["a.png"] * 10 + [f"{i}.PNG" for i in range(30)],
            "lost": [f"{i}.jpg" for i in range(40)],
            "call": pa.array([sound_bytes()] * 40, pa.binary()),
            "held": [{"bytes": picture_bytes(), "path": None}] * 40,
            "noise": pa.array([rng.bytes(20) for _ in range(40)], pa.binary()),
            "age": rng.normal(size=40),
        }
    )
    found = infer_modalities(table, set(), folder)
    assert {name: m.kind for name, m in found.modalities.items()} == {
        "photo": "image",
        "call": "audio",
        "held": "image",
        "table": "tabular",
    }
    assert "are there" in found.reasons["photo"]
    assert "none of 20 looked for is there" in found.left_out["lost"]
    assert "not read" in found.left_out["noise"]
    assert "photo" not in infer_modalities(table, set()).modalities


def test_new_rows_are_encoded_alike_and_their_missing_column_is_absence(folder):
    table = pa.table({"p": ["a.png", None, "a.png"]})
    encodings, blocks = learn_encodings(table, {"photo": fw.Image("p", root=folder)})
    again = encode_rows(pa.table({"p": ["a.png", "gone.png"]}), encodings)["photo"]
    for view, block in again.items():
        np.testing.assert_array_equal(block.values[0], blocks["photo"][view].values[0])
        assert block.present.tolist() == [True, False]
        assert block.meta["unreadable"]["rows"] == [2]
