// The part between two handles.

import assert from "node:assert/strict";
import test from "node:test";

import { endMoved, moved, seconds, startMoved } from "../../syncedit_demo/ui/components/trim/range.js";

const room = { total: 60, most: 40 };

test("a handle moves alone where there is room", () => {
  assert.deepEqual(startMoved({ start: 0, end: 39 }, 10, room), { start: 10, end: 39 });
  assert.deepEqual(endMoved({ start: 10, end: 39 }, 45, room), { start: 10, end: 45 });
});

test("the other one follows where the part would be too long", () => {
  assert.deepEqual(startMoved({ start: 20, end: 59 }, 5, room), { start: 5, end: 44 });
  assert.deepEqual(endMoved({ start: 0, end: 39 }, 59, room), { start: 20, end: 59 });
});

test("the other one gives way, and one frame is always left", () => {
  assert.deepEqual(startMoved({ start: 0, end: 9 }, 30, room), { start: 30, end: 30 });
  assert.deepEqual(endMoved({ start: 30, end: 39 }, 5, room), { start: 5, end: 5 });
});

test("neither leaves the clip", () => {
  assert.deepEqual(startMoved({ start: 0, end: 9 }, 99, room), { start: 59, end: 59 });
  assert.deepEqual(endMoved({ start: 0, end: 9 }, -4, room), { start: 0, end: 0 });
  assert.deepEqual(moved({ start: 10, end: 19 }, -15, room), { start: 0, end: 9 });
  assert.deepEqual(moved({ start: 10, end: 19 }, 90, room), { start: 50, end: 59 });
});

test("times are exact in the clip's rate", () => {
  assert.equal(seconds(30, [30000, 1001]), "1.00 s");
  assert.equal(seconds(31, [25, 1]), "1.24 s");
});
