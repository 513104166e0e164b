"""A headless Chromium that is driven by its DevTools protocol over two pipes: real clicks and keys, no driver to install."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 30.0
"""Seconds until something that is waited for is given up."""
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " ")}
"""Key -> its code, and the text that it types."""


class Browser:
    """One browser with one tab.

    Parameters
    ----------
    folder : for its profile
    """

    def __init__(self, folder: Path) -> None:
        theirs, self._write = os.pipe()
        self._read, ours = os.pipe()
        command = [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
            "--no-first-run", "--mute-audio", "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{theirs} 4>&{ours}; exec "$@"', "chromium", *command],
            pass_fds=(theirs, ours),
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(ours)
        self._number, self._rest = 0, b""
        self._session: str | None = None
        self._answers: dict[int, Any] = {}
        self.events: list[dict[str, Any]] = []
        target = next(own for own in self.ask("Target.getTargets")["targetInfos"] if own["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.ask(f"{domain}.enable")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def ask(self, method: str, **params: Any) -> Any:
        """The result of one command; events that come meanwhile are kept."""
        self._number += 1
        number, session = self._number, {"sessionId": self._session} if self._session else {}
        content = json.dumps({"id": number, "method": method, "params": params} | session).encode() + b"\0"
        while content:
            content = content[os.write(self._write, content) :]
        end = time.monotonic() + PATIENCE
        while number not in self._answers:
            if (left := end - time.monotonic()) <= 0:
                raise TimeoutError(method)
            self._hear(left)
        found = self._answers.pop(number)
        if "error" in found:
            raise RuntimeError(f"{method}: {found['error']}")
        return found["result"]

    def _hear(self, seconds: float) -> None:
        if not select.select([self._read], [], [], seconds)[0]:
            return
        if not (content := os.read(self._read, 1 << 20)):
            raise ConnectionError("the browser ended")
        *whole, self._rest = (self._rest + content).split(b"\0")
        for found in map(json.loads, whole):
            if "id" in found:
                self._answers[found["id"]] = found
            else:
                self.events.append(found)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", {}).get("description", script))
        return found["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until an expression is true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.run(f"Boolean({condition})"):
                return
            time.sleep(0.03)
        raise TimeoutError(f"{condition} never became true; the page says: {self.text('main')[:2000]}")

    def open(self, address: str) -> None:
        """A page, when its load event has come."""
        self.events.clear()
        self.ask("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def text(self, selector: str) -> str:
        """What a reader sees of an element."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def click(self, selector: str) -> None:
        """With the mouse, in the middle of the first element that the selector finds."""
        place = self.run(
            f"(() => {{ const own = document.querySelector({json.dumps(selector)}); own.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            "const box = own.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, key: str, *, shift: bool = False) -> None:
        """One key."""
        code, text = KEYS[key]
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        self.ask("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, selector: str, words: str) -> None:
        """In the place of what a field holds."""
        self.click(selector)
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.ask("Input.insertText", text=words)

    def choose(self, selector: str, file: Path) -> None:
        """A file, in a file input."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", files=[str(file)], nodeId=node)

    def drop(self, selector: str, file: Path) -> None:
        """A file, dragged from outside."""
        place = self.run(
            f"(() => {{ const own = document.querySelector({json.dumps(selector)}); own.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            "const box = own.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.ask("Input.dispatchDragEvent", type=kind, x=place[0], y=place[1], data=data)

    def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Through a window of this size."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme, {"name": "prefers-reduced-motion", "value": "reduce"}])

    def picture(self, *, whole: bool = False) -> bytes:
        """A PNG of what it shows, or of the whole page."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    @property
    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened."""
        return [own["params"]["request"]["url"] for own in self.events if own["method"] == "Network.requestWillBeSent"]

    @property
    def complaints(self) -> list[Any]:
        """Dialogs, exceptions, and whatever stands in its console, since it was opened."""
        self.run("0")  # what happened so far has then been heard
        kinds = (
            "Page.javascriptDialogOpening",
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
        )
        return [own for own in self.events if own["method"] in kinds]
