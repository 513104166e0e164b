"""What a server may be set to."""

import socket

import pytest

from fuseworthy.deploy.serving.run import listening
from fuseworthy.deploy.serving.settings import Settings, read_token
from fuseworthy.errors import InputError


def test_an_address_that_others_reach_needs_a_token():
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        with pytest.raises(InputError, match="must have a token"):
            Settings(host=host)
        Settings(host=host, token="x" * 16)
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        Settings(host=host)


def test_names_of_hosts_have_no_case():
    settings = Settings(hosts=("MyBox.Local",))
    assert settings.allows_host("mybox.local:8000")
    assert settings.allows_host("MYBOX.LOCAL")
    assert not settings.allows_host("other.local")


def test_a_token_is_one_word_of_some_length(tmp_path, caplog):
    with pytest.raises(InputError, match="at least 16"):
        Settings(token="short")
    path = tmp_path / "token"
    path.write_text("a" * 32 + "\n")
    path.chmod(0o644)
    assert read_token(path) == "a" * 32
    assert "others may read the token" in caplog.text
    caplog.clear()
    path.chmod(0o600)
    assert read_token(path) == "a" * 32
    assert caplog.text == ""
    for wrong in ("two words of some length", "zwölf mal zwölf Zeichen"):
        path.write_text(wrong)
        with pytest.raises(InputError, match="one word"):
            read_token(path)
    with pytest.raises(InputError, match="readable"):
        read_token(tmp_path / "nowhere")


def test_hosts_are_those_of_this_machine_and_those_that_are_named():
    own = Settings(hosts=("model.internal",))
    assert own.allows_host("model.internal:8000")
    assert own.allows_host("[::1]:8000")
    assert own.allows_host("LOCALHOST")
    assert not own.allows_host("localhost.evil.example")
    assert not own.allows_host("")
    assert Settings(hosts=("*",)).allows_host("any.thing")


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="Pass another --port"):
        listening(Settings(port=taken.getsockname()[1]))
    with pytest.raises(InputError, match="must be an address"):
        listening(Settings(host="no.such.host.invalid", token="x" * 16))
