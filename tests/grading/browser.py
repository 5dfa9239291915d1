"""A headless Chromium, driven through two pipes by the DevTools protocol.

chromedevtools.github.io/devtools-protocol; over `--remote-debugging-pipe` messages are JSON, each
ended by a zero byte, to the browser's descriptor 3 and from its descriptor 4.
"""

import json
import os
import select
import shutil
import subprocess

import pytest

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-quic", "--disable-dev-shm-usage"),
)
_PATIENCE = 120  # seconds, so that a browser that hangs does not hang the tests


class Browser:
    """One page; what it asks for and complains of is kept in `requests` and `complaints`."""

    def __init__(self, folder):
        program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
        if program is None:
            pytest.skip(f"no browser is installed: looked for {', '.join(_PROGRAMS)}")
        if os.name != "posix":
            pytest.skip("the browser is driven through descriptors 3 and 4, which needs POSIX")
        self.requests, self.complaints = [], []
        self._number, self._session, self._buffer = 0, None, b""
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # A shell gives the pipes the numbers that the browser expects.
        command = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        options = (*_OPTIONS, f"--user-data-dir={folder}", "about:blank")
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, "browser", program, *options],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        made = self.do("Target.createTarget", url="about:blank")
        attached = self.do("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.do(f"{domain}.enable")

    def close(self):
        self._session = None
        self.do("Browser.close")  # with all its processes, which killing one would leave
        self._process.wait(_PATIENCE)
        os.close(self._in)
        os.close(self._out)

    def do(self, method, **parameters):
        """Sends a command, waits for its result and returns it."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _next(self):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], _PATIENCE)
            assert ready, "the browser says nothing"
            chunk = os.read(self._in, 1 << 20)
            assert chunk, "the browser ended"
            self._buffer += chunk
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.complaints.append(parameters)
        return message

    def open(self, path):
        self.requests.clear()
        self.complaints.clear()
        self.do("Page.navigate", url=path.as_uri())
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def value(self, expression):
        """What an expression of JavaScript gives, or its promise, as JSON."""
        about = {"returnByValue": True, "awaitPromise": True}
        result = self.do("Runtime.evaluate", expression=expression, **about)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def press(self, key, code, text=""):
        """Presses a key, as a person would."""
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.do("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        self.do("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text):
        self.do("Input.insertText", text=text)
