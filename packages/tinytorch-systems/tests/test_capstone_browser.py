"""TinyGPT's page in Chromium: it writes, stops, shows text as text, and fits a phone, in light and dark.

Chromium is driven through a pair of pipes (the DevTools protocol), so nothing but itself is needed. Where it
isn't installed, the test says so.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from tinytorch.systems import TinyGPT, TinyGPTOptions, TinyGPTServer

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None) if os.name == "posix" else None
NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script>"
AS_3_AND_4 = """
import os, sys
read, write = (os.dup(int(number)) for number in sys.argv[1:3])
while min(read, write) < 5:
    read, write = os.dup(read), os.dup(write)
os.dup2(read, 3)
os.dup2(write, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
CONTRAST = """
(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("h1, h2, p, label, output, textarea, pre *")) {
    if (!element.textContent.trim()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort();
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.id || element.tagName}: ${ratio.toFixed(2)}`);
  }
  return poor;
})()
"""


class Chromium:
    """A browser with one page.

    Messages are JSON, each ended by a null byte; Chromium reads them from its file 3 and writes them to 4.
    """

    def __init__(self, profile):
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        command = [
            *(PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *(f"--user-data-dir={profile}", "--remote-debugging-pipe"),
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-c", AS_3_AND_4, str(to_read), str(to_write), *command],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self.rest, self.number, self.session = b"", 0, None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self.to)
        os.close(self.back)
        self.process.terminate()
        self.process.wait(10)

    def call(self, method, **params):
        """Do something and return its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def read(self):
        while b"\0" not in self.rest:
            part = os.read(self.back, 1 << 20)
            assert part, "Chromium ended"
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\0")
        return json.loads(line)

    def run(self, script):
        """Run JavaScript in the page and return its value."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script, seconds=20):
        """Wait until JavaScript is true."""
        until = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < until, (script, self.run("document.body.innerText"))
            time.sleep(0.02)

    def look(self, width, height, scheme):
        """Be a screen of a size that likes light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def open(self, url):
        """Go to a page and wait for it."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && document.title === 'TinyGPT'")

    def picture(self, path):
        """Keep what the page looks like."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def complaints(self):
        """Return what the page said of itself: errors, and requests that failed or went elsewhere."""
        self.run("1")
        said = []
        for event in self.events:
            params = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                said.append(str(params["exceptionDetails"]))
            elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
                said.append(str(params["entry"]))
            elif event.get("method") == "Page.javascriptDialogOpening":
                said.append("a dialog opens")
            elif event.get("method") == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith(("http://127.0.0.1:", "about:")):
                    said.append(f"asks for {url}")
        return said


@pytest.fixture(scope="module")
def server():
    text = NASTY + "\nTo be, or not to be: that is the question.\n" * 60
    gpt = TinyGPT.new(TinyGPTOptions(tokenizer="char", n_layer=1, n_head=2, n_embd=16), text)
    with TinyGPTServer(gpt, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_page_in_a_browser(server, capsys):
    if PROGRAM is None:
        with capsys.disabled():
            words = "NOT CHECKED: TinyGPT's page in a browser. That needs Chromium, and pipes as on Linux."
            sys.stdout.write(f"\n{words}\n")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, Chromium(profile) as browser:
        writes_and_stops(browser, server)
        shows_text_as_text(browser, server)
        says_what_is_wrong(browser, server)
        fits_every_screen(browser, server)
        assert not [words for words in browser.complaints() if "503" not in words]


def wish(browser, prompt, tokens, seed=1):
    """Fill the form in and send it."""
    values = {"prompt": prompt, "tokens": tokens, "seed": seed}
    for name, value in values.items():
        field = f"document.getElementById({name!r})"
        browser.run(f"{field}.value = {json.dumps(str(value))}")
        browser.run(f"{field}.dispatchEvent(new Event('input', {{ bubbles: true }}))")
    browser.run("document.getElementById('write').click()")


def writes_and_stops(browser, server):
    browser.look(1280, 800, "light")
    browser.open(server.url)
    browser.wait("document.getElementById('about').textContent.includes('parameters')")
    wish(browser, "To be", 50)
    browser.wait("document.getElementById('status').textContent.includes('50 pieces in')")
    made = browser.run("document.getElementById('made').textContent")
    top_k = int(browser.run("document.getElementById('top_k').value"))
    assert made == "".join(server.gpt.stream("To be", 50, top_k=top_k, seed=1))
    assert browser.run("document.getElementById('given').textContent") == "To be"
    wish(browser, "To be", 500)
    browser.wait("document.getElementById('made').textContent.length > 0")
    browser.run("document.getElementById('stop').click()")
    browser.wait(
        "['stopped'].includes(document.getElementById('status').textContent) || "
        "document.getElementById('status').textContent.includes('500 pieces')"
    )
    assert browser.run("document.getElementById('stop').disabled")


def shows_text_as_text(browser, server):
    wish(browser, NASTY, 20)
    browser.wait("document.getElementById('status').textContent.includes('20 pieces in')")
    assert browser.run("document.getElementById('given').textContent") == NASTY
    assert browser.run("document.querySelectorAll('#text img, #text script').length") == 0
    blocked = "(() => { const s = document.createElement('script'); s.textContent = 'window.hit = 1';"
    browser.run(blocked + " document.body.append(s); return 0; })()")
    assert browser.run("window.hit === undefined"), "the page's policy lets foreign code run"
    browser.events.clear()  # the policy's complaint about it


def says_what_is_wrong(browser, server):
    for _ in range(server.limits.generations):
        assert server.generations.acquire(timeout=5)
    wish(browser, "To be", 20)
    browser.wait("document.getElementById('status').textContent.includes('try again')")
    for _ in range(server.limits.generations):
        server.generations.release()
    wish(browser, "To be", 20)
    browser.wait("document.getElementById('status').textContent.includes('20 pieces in')")


def fits_every_screen(browser, server):
    folder = os.environ.get("TINYGPT_PICTURES")  # to look at
    for width, height in ((1280, 800), (375, 812)):
        for scheme in ("light", "dark"):
            browser.look(width, height, scheme)
            assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.run(CONTRAST) == []
            if folder:
                browser.picture(Path(folder) / f"page-{width}-{scheme}.png")
    unnamed = "[...document.querySelectorAll('input, textarea')].filter((e) => !e.labels.length).length"
    assert browser.run(unnamed) == 0
