import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  answerTo,
  canStartTogether,
  frameAt,
  frameThatBegins,
  gapOf,
  isOver,
  middleOf,
  nearestFrame,
  paceFor,
} from "../../syncedit_demo/ui/components/player/timing.js";

const RATES = {
  "24000/1001": 24000 / 1001,
  24: 24,
  25: 25,
  "30000/1001": 30000 / 1001,
  "60000/1001": 60000 / 1001,
  60: 60,
  120: 120,
};
const FRAMES = 161;

/** @param {number} seconds */
const inMicroseconds = (seconds) => Math.floor(seconds * 1e6) / 1e6;

for (const [name, rate] of Object.entries(RATES)) {
  describe(`at ${name} frames per second`, () => {
    const timeline = { frames: FRAMES, rate };
    const all = Array.from({ length: FRAMES }, (_, frame) => frame);

    test("each frame is on show from the time at which it begins", () => {
      for (const frame of all) assert.equal(frameAt(frame / rate, timeline), frame);
    });

    test("a time that a browser cut to microseconds is still of the frame that begins there", () => {
      for (const frame of all) assert.equal(frameAt(inMicroseconds(frame / rate), timeline), frame);
    });

    test("each frame is on show until the next one begins", () => {
      for (const frame of all) assert.equal(frameAt((frame + 0.99) / rate, timeline), frame);
    });

    test("going to a frame leads to that frame", () => {
      for (const frame of all) {
        assert.equal(frameAt(middleOf(frame, timeline), timeline), frame);
        assert.equal(frameAt(inMicroseconds(middleOf(frame, timeline)), timeline), frame);
      }
    });

    test("a frame that a browser draws is known by its time, however that is rounded", () => {
      for (const frame of all) {
        assert.equal(frameThatBegins(frame / rate, timeline), frame);
        assert.equal(frameThatBegins(Math.round((frame / rate) * 1000) / 1000, timeline), frame);
      }
    });

    test("the clip is over when its last frame has been on show for as long as the others, and no sooner", () => {
      assert.equal(isOver((FRAMES - 0.01) / rate, timeline), false);
      assert.equal(isOver((FRAMES + 1e-9) / rate, timeline), true);
    });

    test("a gap of a frame is a frame", () => {
      const gap = gapOf({ currentTime: 3 / rate, ended: false }, { currentTime: 2 / rate }, timeline);
      assert.ok(Math.abs(gap - 1) < 1e-9);
    });
  });
}

describe("the ends of the clip", () => {
  const timeline = { frames: 10, rate: 25 };

  test("before the first frame it is the first, behind the last the last", () => {
    assert.equal(frameAt(-1, timeline), 0);
    assert.equal(frameAt(10 / 25, timeline), 9);
    assert.equal(frameAt(1000, timeline), 9);
    assert.equal(frameThatBegins(-0.001, timeline), 0);
    assert.equal(frameThatBegins(10 / 25, timeline), 9);
    assert.equal(nearestFrame(-1, timeline), 0);
    assert.equal(nearestFrame(10, timeline), 9);
    assert.equal(nearestFrame(Number.POSITIVE_INFINITY, timeline), 9);
  });

  test("a number between two frames goes to the nearer one", () => {
    assert.equal(nearestFrame(3.4, timeline), 3);
    assert.equal(nearestFrame(3.6, timeline), 4);
    assert.equal(nearestFrame(-0.4, timeline), 0);
    assert.equal(nearestFrame(9.4, timeline), 9);
  });

  test("a clip of one frame shows it at any time", () => {
    for (const seconds of [0, 0.5, 100]) assert.equal(frameAt(seconds, { frames: 1, rate: 25 }), 0);
    assert.equal(nearestFrame(7, { frames: 1, rate: 25 }), 0);
  });
});

describe("videos that part", () => {
  const timeline = { frames: 100, rate: 25 };

  test("one that has ended holds its last frame and is not behind", () => {
    assert.equal(gapOf({ currentTime: 1, ended: true }, { currentTime: 2 }, timeline), 0);
    assert.equal(gapOf({ currentTime: 1, ended: false }, { currentTime: 2 }, timeline), -25);
  });

  test("they start as they are while no two are more than half a frame apart", () => {
    assert.equal(canStartTogether([0, 0.5, -0.5]), true);
    assert.equal(canStartTogether([0, 0.51]), false);
    assert.equal(canStartTogether([0, 0.2, -0.51]), false);
  });

  test("a gap of up to 0.4 frames restarts nothing and forgets the restarts before it", () => {
    for (const gap of [0, 0.4, -0.4]) assert.deepEqual(answerTo(gap, 2), { restart: false, restarts: 0 });
  });

  test("a larger one sets both on one frame, ahead or behind", () => {
    for (const gap of [0.41, -0.41, 12]) assert.deepEqual(answerTo(gap, 0), { restart: true, restarts: 1 });
  });

  test("that is done three times in a row and then left to the pace until they are together again", () => {
    let restarts = 0;
    const done = [];
    for (const gap of [1, 1, 1, 1, 1, 0.1, 1]) {
      const answer = answerTo(gap, restarts);
      restarts = answer.restarts;
      done.push(answer.restart);
    }
    assert.deepEqual(done, [true, true, true, false, false, false, true]);
  });

  test("the one ahead slows down, the one behind speeds up, by as much", () => {
    assert.ok(paceFor(0.3, timeline) < 1);
    assert.equal(paceFor(0.3, timeline) + paceFor(-0.3, timeline), 2);
  });

  test("the pace makes up for a gap in half a second", () => {
    for (const gap of [-5, -0.4, 0.25, 1, 5]) {
      const madeUp = (1 - paceFor(gap, timeline)) * 0.5 * timeline.rate;
      // To the nearest step of 0.5 %, which is a 16th of a frame.
      assert.ok(Math.abs(madeUp - gap) <= 0.0025 * 0.5 * timeline.rate + 1e-9, `${gap}: ${madeUp}`);
    }
  });

  test("however large the gap, even quarter speed stays a pace that browsers take", () => {
    const least = 1 / 16;
    const most = 16;
    for (const gap of [24, -24, 1e6, -1e6]) {
      const pace = paceFor(gap, timeline);
      // The follower makes up for its own gap on top of that between the sound and the leader.
      assert.ok(0.25 * pace * pace >= least && pace * pace <= most, `${gap}: ${pace}`);
      assert.equal(pace < 1, gap > 0);
    }
  });

  test("the flicker of a clock changes no pace", () => {
    for (const flicker of [0.03, -0.03]) assert.equal(paceFor(flicker, timeline), 1);
  });
});
