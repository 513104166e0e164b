"""The page in a real browser: it shows, it runs nothing, it asks for nothing."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fuseworthy.report import render_page

from .cases import ALL, binary_fuse
from .hostile import ENUMERATIONS, PAYLOADS, mapped

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on the path")


def dumped(page: str, folder: Path) -> tuple[str, str]:
    """Return the document after everything has run, and what the browser said."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
        f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom", file.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode(), done.stderr.decode(errors="replace")


@pytest.fixture
def calls() -> Iterator[tuple[int, list[str]]]:
    """A server nobody should call."""
    paths: list[str] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, paths
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("case", ALL)
def test_the_page_shows_its_verdict_and_has_nothing_to_complain_about(case: str, tmp_path: Path) -> None:
    document, said = dumped(render_page(ALL[case]()), tmp_path)
    assert '<h1 id="verdict">' in document
    assert document.rstrip().endswith("</html>")
    assert "CONSOLE" not in said


@pytest.mark.parametrize("shift", range(0, 42, 7))
def test_hostile_names_run_nothing_and_call_nobody(shift: int, tmp_path: Path, calls: tuple[int, list[str]]) -> None:
    port, paths = calls
    left = itertools.islice(itertools.cycle(PAYLOADS), shift, None)
    page = render_page(mapped(binary_fuse(), lambda old: next(left).replace("PORT", str(port)) + old, ENUMERATIONS))
    document, said = dumped(page, tmp_path)
    assert "<title>Fuse ·" in document
    assert "CONSOLE" not in said
    assert paths == []


def test_the_browser_test_would_notice(tmp_path: Path, calls: tuple[int, list[str]]) -> None:
    port, paths = calls
    page = f"<title>x</title><script>document.title='pwned';console.log('here')</script><img src='http://127.0.0.1:{port}/i.png'>"
    document, said = dumped(page, tmp_path)
    assert "<title>pwned</title>" in document
    assert "CONSOLE" in said
    assert paths == ["/i.png"]
