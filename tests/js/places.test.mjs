import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { markerAfter, markerBefore, toggled } from "../../syncedit_demo/ui/components/player/markers.js";
import { frameFrom, secondsInWords } from "../../syncedit_demo/ui/components/player/place.js";
import { beginningAt, endingAt, inWords, played, startFrom } from "../../syncedit_demo/ui/components/player/region.js";
import { stillOf } from "../../syncedit_demo/ui/components/player/still.js";
import { isOver } from "../../syncedit_demo/ui/components/player/timing.js";

const CLIP = { frames: 40, rate: 30000 / 1001 };

describe("a frame that is typed", () => {
  test("frames count from 1, times are those of the frame that is on show then", () => {
    assert.equal(frameFrom("12", CLIP), 11);
    assert.equal(frameFrom(" 1s", CLIP), 29);
    assert.equal(frameFrom("0,5 S", CLIP), 14);
    assert.equal(frameFrom(".5s", CLIP), 14);
  });

  test("the time that is shown of a frame leads back to it or to the one before, which ends there", () => {
    for (let frame = 0; frame < CLIP.frames; frame++) {
      const found = frameFrom(secondsInWords(frame, CLIP), CLIP);
      assert.ok(found === frame || found === frame - 1, `${frame}: ${found}`);
    }
  });

  test("outside of the clip it is the nearest one", () => {
    assert.deepEqual([frameFrom("0", CLIP), frameFrom("999999999", CLIP), frameFrom("77s", CLIP)], [0, 39, 39]);
  });

  test("words, signs and nothing are no frame", () => {
    for (const text of ["", "s", "-3", "1e3", "12 frames", "1:20", "NaN", "."])
      assert.equal(frameFrom(text, CLIP), null);
  });
});

describe("a region", () => {
  test("begins here and ends there, in either order", () => {
    const region = { from: 10, to: 20 };
    assert.deepEqual(endingAt(beginningAt(null, 10, CLIP), 20, CLIP), region);
    assert.deepEqual(beginningAt(endingAt(null, 20, CLIP), 10, CLIP), region);
  });

  test("a beginning behind its end lets it end with the clip, an end before its beginning begins with it", () => {
    assert.deepEqual(beginningAt({ from: 10, to: 20 }, 30, CLIP), { from: 30, to: 39 });
    assert.deepEqual(endingAt({ from: 10, to: 20 }, 5, CLIP), { from: 0, to: 5 });
  });

  test("has two frames at least, and all of them are none", () => {
    assert.deepEqual(beginningAt(null, 39, CLIP), { from: 38, to: 39 });
    assert.deepEqual(endingAt(null, 0, CLIP), { from: 0, to: 1 });
    assert.equal(beginningAt(null, 0, CLIP), null);
    assert.equal(endingAt(null, 0, { frames: 1, rate: 30 }), null);
    assert.equal(beginningAt(null, 0, { frames: 1, rate: 30 }), null);
  });

  test("is played from its beginning wherever one is outside of it, or at its end", () => {
    const region = { from: 10, to: 20 };
    assert.deepEqual(
      [5, 10, 15, 20, 30].map((frame) => startFrom(frame, region, CLIP)),
      [10, 10, 15, 10, 10],
    );
    assert.equal(startFrom(39, null, CLIP), 0);
    assert.deepEqual(played(null, CLIP), { from: 0, to: 39 });
  });

  test("is over before the frame after it is seen, the clip at its very end", () => {
    const at = (/** @type {number} */ frame) => frame / CLIP.rate;
    assert.deepEqual(
      [20.5, 20.8, 21].map((frame) => isOver(at(frame), CLIP, 20)),
      [false, true, true],
    );
    assert.deepEqual(
      [39.8, 40.001].map((frame) => isOver(at(frame), CLIP, 39)),
      [false, true],
    );
  });

  test("is said in frames from 1", () => {
    assert.equal(inWords({ from: 9, to: 19 }), "10–20");
    assert.equal(inWords(null), "All frames");
  });
});

describe("markers", () => {
  test("are set, taken away and kept in order", () => {
    assert.deepEqual([12, 3, 30, 3].reduce(toggled, /** @type {readonly number[]} */ ([])), [12, 30]);
  });

  test("are gone through in a ring", () => {
    const markers = [3, 12, 30];
    assert.deepEqual(
      [0, 3, 30, 39].map((frame) => markerAfter(markers, frame)),
      [3, 12, 3, 3],
    );
    assert.deepEqual(
      [0, 3, 12, 39].map((frame) => markerBefore(markers, frame)),
      [30, 30, 3, 30],
    );
    assert.deepEqual([markerAfter([], 4), markerBefore([], 4)], [null, null]);
  });
});

describe("the frame as a picture", () => {
  const look = /** @type {const} */ ({ front: "result", wipe: 0.25, onion: 0.4 });
  /** @param {string} view */
  const still = (view) => stillOf({ ...look, view }, 200, 100);
  /** @param {string} view */
  const parts = (view) => still(view).layers.map(({ side, from, width, to }) => [side, from, width, to]);

  test("is what is on show, whole", () => {
    assert.deepEqual(parts("side"), [
      ["reference", 0, 200, 0],
      ["result", 0, 200, 200],
    ]);
    assert.equal(still("side").width, 400);
    assert.deepEqual(parts("three"), [
      ["clip", 0, 200, 0],
      ["reference", 0, 200, 200],
      ["result", 0, 200, 400],
    ]);
    assert.deepEqual(parts("wipe"), [
      ["reference", 0, 200, 0],
      ["result", 50, 150, 50],
    ]);
    assert.deepEqual(parts("flip"), [["result", 0, 200, 0]]);
    assert.equal(still("onion").layers[1]?.opacity, 0.4);
    assert.deepEqual([still("difference").layers[1]?.mode, still("difference").doublings], ["difference", 2]);
    for (const view of ["wipe", "flip", "onion", "difference"]) assert.equal(still(view).width, 200);
  });

  test("a divider at the right edge leaves the reference alone", () => {
    assert.equal(stillOf({ ...look, view: "wipe", wipe: 1 }, 200, 100).layers.length, 1);
  });
});
