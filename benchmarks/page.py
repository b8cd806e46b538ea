"""How long a visitor waits: for the app, for the page, and for frame 0 of a clip that was dropped.

    python -m benchmarks.page [--seconds 10] [--repeats 3]

Prints, for a 1080p H.264 clip made on the spot and the draft engine, the best and the worst of some repeats in seconds:

- the start of the process to its first answer, and to a page in Chromium that takes a clip;
- the end of the upload to the clip's card, and to frame 0 on the screen, by the browser's own clock.

Needs Chromium and the `ffmpeg` command.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from benchmarks.conform import make_clip
from tests.support.running import running_app

CHROMIUM = "/usr/bin/chromium"

WATCH = """
() => {
  window.seen = {};
  const card = document.querySelector(".clip-card");
  const image = card.querySelector("img");
  // Two refreshes later the picture that was just loaded is on the screen.
  image.addEventListener("load", () =>
    requestAnimationFrame(() => requestAnimationFrame(() => (seen.frame ??= performance.now()))));
  new MutationObserver(() => {
    if (!card.hidden) seen.card ??= performance.now();
  }).observe(card, { attributes: true });
}
"""
UPLOAD_ENDED = """
() => performance.getEntriesByType("resource").find(({ name }) => /gradio_api\\/upload\\b/.test(name)).responseEnd
"""


def measure(browser: Browser, clip: Path, folder: Path) -> dict[str, float]:
    """Start the app, open the page, drop the clip; seconds by what was waited for."""
    began = time.perf_counter()
    with running_app(folder) as address:
        times = {"start to first answer": time.perf_counter() - began}
        page = browser.new_page()
        page.goto(address)
        expect(page.locator("#clip-file button").first).to_be_visible()
        times["start to page"] = time.perf_counter() - began
        page.evaluate(WATCH)
        page.locator("#clip-file input[type=file]").set_input_files(clip)
        page.wait_for_function("seen.frame")
        uploaded = page.evaluate(UPLOAD_ENDED)
        seen = page.evaluate("seen")
        times["upload to clip card"] = (seen["card"] - uploaded) / 1000
        times["upload to frame 0"] = (seen["frame"] - uploaded) / 1000
        page.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="length of the clip")
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        clip = make_clip(Path(name) / "clip.mp4", wanted.seconds)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        rounds: list[dict[str, float]] = []
        for number in range(wanted.repeats):
            folder = Path(name) / str(number)
            folder.mkdir()
            rounds.append(measure(browser, clip, folder))
        browser.close()
    print(f"{wanted.seconds} s of 1080p, {wanted.repeats} repeats")
    for what in rounds[0]:
        seconds = [each[what] for each in rounds]
        print(f"{what:24} {min(seconds):.2f}–{max(seconds):.2f} s")


if __name__ == "__main__":
    main()
