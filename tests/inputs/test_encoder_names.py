"""Encoders as users spell them: which there are, what their views are called, and who is told of them."""

import re

import pytest

import fuseworthy as fw
from fuseworthy.cli.options import encoders_from
from fuseworthy.inputs.encoder_names import OFFERS, view_names
from fuseworthy.inputs.kinds import encoder_notices, modality_from_dict, plainest, with_encoders


def test_views_have_names_for_columns_and_files_and_differ():
    encoders = [
        "tfidf",
        "words",
        "hf:a/E5 small",
        "hf:/models/e5-small/",
        "hf-tokens:e5-small",
        "model2vec:x/" + "y" * 99,
    ]
    views = view_names(encoders)
    assert list(views.values()) == encoders
    assert list(views)[:4] == ["counts", "words", "hf-e5-small", "hf-e5-small-2"]
    assert all(re.fullmatch(r"[a-z0-9._-]{1,51}", view) for view in views)


@pytest.mark.parametrize(
    ("kind", "encoder", "said"),
    [
        (fw.Text, "minilmm", "the nearest is 'minilm'"),
        (fw.Text, "hf", "hf:ID or hf:FOLDER"),
        (fw.Text, "efficientnet", "there are"),
        (fw.Image, "tfidf", "there are"),
        (fw.Image, "hf-frames:x", "an encoder of image must be one"),
        (fw.Audio, "hf-patches:x", "an encoder of audio must be one"),
        (fw.Series, "hf:x", "an encoder of series must be one"),
    ],
    ids=["near", "no-source", "text-of-images", "image-of-texts", "image-frames", "audio-patches", "series"],
)
def test_an_encoder_that_a_kind_has_not_is_refused(kind, encoder, said):
    with pytest.raises(fw.FuseworthyError, match=said):
        kind("a", encoders=(encoder,))


def test_no_encoder_is_refused():
    with pytest.raises(fw.FuseworthyError, match="at least one encoder"):
        fw.Text("a", encoders=())


def test_encoders_survive_being_written_down():
    for modality in (
        fw.Text("a", encoders=("words", "hf:x/y")),
        fw.Video("a", encoders=("hf-frames:x",), per_second=3),
    ):
        again = modality_from_dict(modality.to_dict())
        assert again.to_dict() == modality.to_dict()


def test_encoders_are_chosen_by_a_modality_s_name_or_by_its_kind():
    own = {"photo": fw.Image("file"), "scan": fw.Image("other"), "note": fw.Text("note"), "age": fw.Tabular("age")}
    found = with_encoders(own, {"photo": ("patches",), "text": ("words", "minilm")})
    assert found["photo"].encoders == ("patches",)
    assert found["scan"].encoders == ("statistics", "patches")
    assert found["note"].encoders == ("words", "minilm")
    assert [m.encoders for m in with_encoders(own, {"image": ("statistics",)}).values() if m.kind == "image"] == [
        ("statistics",)
    ] * 2
    with pytest.raises(fw.FuseworthyError, match="the nearest is 'photo'"):
        with_encoders(own, {"foto": ("patches",)})
    with pytest.raises(fw.FuseworthyError, match="no encoders to choose"):
        with_encoders(own, {"age": ("words",)})


def test_the_command_line_spells_encoders():
    assert encoders_from(["image=statistics, efficientnet"]) == {"image": ("statistics", "efficientnet")}
    assert encoders_from(["minilm"]) == {"text": ("tfidf", "minilm")}
    for words, said in ((["a=x", "a=y"], "came twice"), (["a="], "NAME=ENCODER"), (["=x"], "NAME=ENCODER")):
        with pytest.raises(fw.FuseworthyError, match=said):
            encoders_from(words)


def test_a_modality_read_by_floors_alone_is_told_what_could_be_added():
    own = {
        "note": fw.Text("n"),
        "photo": fw.Image("p"),
        "call": fw.Audio("c"),
        "walk": fw.Series("x"),
        "t": fw.Tabular("a"),
    }
    notices = encoder_notices(own)
    assert [line.split("'")[1] for line in notices] == ["note", "photo", "call"]
    assert "--encoder photo=statistics,patches,efficientnet (extra deep)" in notices[1]
    assert not encoder_notices({"note": fw.Text("n", encoders=("tfidf", "minilm"))})


@pytest.mark.parametrize("kind", sorted(OFFERS))
def test_the_plainest_encoder_of_a_kind_needs_no_weights(kind):
    modality = {"text": fw.Text, "image": fw.Image, "audio": fw.Audio, "video": fw.Video, "series": fw.Series}[kind](
        "a"
    )
    assert plainest(modality).encoders == OFFERS[kind].floors[:1]
