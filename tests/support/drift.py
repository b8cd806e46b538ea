"""How far the two videos of the player are apart while they play, sample by sample.

A sample is taken after every refresh of the screen while both videos play. It holds both clocks, read one right after
the other, and the frames that the browser says it has presented. Where the process was interrupted between the two
readings they are not of one moment, and the sample says nothing about the videos: it is told apart by how long the
readings took, whatever they read, and not kept. Nor does it say anything when a video has run out of data: the clock of
that one stops a moment before the page is told, so a sample counts only if at the next one both videos still have some.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray
    from playwright.sync_api import Page

LONGEST_READING = 1.0
"""Milliseconds between the two readings of a sample that counts."""

FEWEST_SAMPLES = 10
"""Samples without which nothing is said; on a busy machine they take a while to come."""

WATCH = """
({ rate, longestReading }) => {
  const root = document.querySelector(".compare-player");
  const videos = [root.querySelector("video.reference"), root.querySelector("video.result")];
  const presented = [0, 0];
  videos.forEach((video, index) => {
    const note = (_, metadata) => {
      presented[index] = Math.round(metadata.mediaTime * rate);
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  });
  window.drift = { samples: [], wraps: 0, alone: 0 };
  let last = Number(root.querySelector(".seek").value);
  root.addEventListener("frame", ({ detail }) => {
    if (detail.frame < last) drift.wraps += 1;
    last = detail.frame;
  });
  let sample = null;
  let alone = 0;
  const look = () => {
    const playing = videos.every((video) => !video.paused && !video.seeking);
    const dry = videos.some((video) => video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
    if (sample && !dry) drift.samples.push(sample);
    sample = null;
    alone = playing && dry ? alone + 1 : 0;
    drift.alone = Math.max(drift.alone, alone);
    if (playing && !dry) {
      const began = performance.now();
      const [one, other] = videos.map((video) => video.currentTime);
      const took = performance.now() - began;
      const heard = root.querySelector("audio").currentTime;
      if (took <= longestReading) sample = [(other - one) * rate, (heard - one) * rate, ...presented];
    }
    refreshed();
  };
  // A task of its own comes after everything that the page does for a refresh.
  const refreshed = () => requestAnimationFrame(() => setTimeout(look));
  refreshed();
}
"""

SEEK = """
(frame) => {
  const root = document.querySelector(".compare-player");
  root.dispatchEvent(new CustomEvent("seekframe", { detail: { frame } }));
  return drift.samples.length + 5;
}
"""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What was measured, one value a sample.

    Attributes:
        gaps: By how many frames the clock of video B is ahead of that of A.
        heard: By how many frames the sound is ahead of video A.
        presented: By how many frames the picture of video B is ahead of that of A.
    """

    gaps: NDArray[np.float64]
    heard: NDArray[np.float64]
    presented: NDArray[np.float64]

    @property
    def largest_gap(self) -> float:
        """The largest gap between the videos, in frames."""
        return float(np.abs(self.gaps).max())


class Drift:
    """Takes samples of the player of a page from the moment it is made."""

    def __init__(self, page: Page, rate: Fraction) -> None:
        self._page = page
        page.evaluate(WATCH, {"rate": float(rate), "longestReading": LONGEST_READING})

    @property
    def loops(self) -> int:
        """How often the videos went back to their start so far."""
        return self._page.evaluate("drift.wraps")

    def wait_for_loops(self, loops: int) -> None:
        """Wait until they did so many times."""
        self._page.wait_for_function("loops => drift.wraps >= loops", arg=loops)

    def seek_around(self, frames: int, *, times: int) -> None:
        """Go to random frames while it plays, each time until some samples were taken there."""
        for frame in random.Random(7).choices(range(frames), k=times):
            wanted = self._page.evaluate(SEEK, frame)
            self._page.wait_for_function("wanted => drift.samples.length >= wanted", arg=wanted)

    @property
    def alone(self) -> int:
        """For how many refreshes in a row one video played on, at most, when the other was known to have no data."""
        return self._page.evaluate("drift.alone")

    def samples(self) -> Samples:
        """The samples so far, once there are enough of them."""
        self._page.wait_for_function("fewest => drift.samples.length >= fewest", arg=FEWEST_SAMPLES)
        taken = np.array(self._page.evaluate("drift.samples"), dtype=np.float64)
        gaps, heard, one, other = taken.T
        return Samples(gaps, heard, other - one)
