import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  factorOf,
  LARGEST,
  panned,
  pinched,
  pointIn,
  WHOLE,
  zoomed,
} from "../../syncedit_demo/ui/components/player/zoom.js";

/** @import { Point, Zoom } from "../../syncedit_demo/ui/components/player/zoom.js" */

/**
 * What of the picture, in shares of it, is seen at a point of its box.
 *
 * @param {Zoom} zoom
 * @param {Point} point
 */
const seenAt = ({ scale, x, y }, point) =>
  [(point.x - x) / scale, (point.y - y) / scale].map((each) => +each.toFixed(9));

describe("zoom", () => {
  test("what is under the pointer stays there", () => {
    const point = { x: 0.25, y: 0.75 };
    const once = zoomed(WHOLE, 2, point);
    assert.deepEqual(seenAt(once, point), [0.25, 0.75]);
    const elsewhere = { x: 0.9, y: 0.1 };
    assert.deepEqual(seenAt(zoomed(once, 1.7, elsewhere), elsewhere), seenAt(once, elsewhere));
  });

  test("it ends at the whole picture and at eight times", () => {
    assert.equal(zoomed(WHOLE, 100).scale, LARGEST);
    assert.deepEqual(zoomed(zoomed(WHOLE, 5, { x: 1, y: 1 }), 0.01, { x: 0, y: 0 }), WHOLE);
  });

  test("the box is always filled", () => {
    const near = zoomed(WHOLE, 4);
    assert.deepEqual(panned(near, 100, -100), { scale: 4, x: 0, y: -3 });
    assert.deepEqual(panned(WHOLE, 0.3, 0.3), WHOLE);
  });

  test("out again at another point leaves no gap at an edge", () => {
    const corner = zoomed(WHOLE, 4, { x: 1, y: 1 });
    const out = zoomed(corner, 0.5, { x: 0, y: 0 });
    assert.deepEqual(out, { scale: 2, x: -1, y: -1 });
  });

  test("two fingers zoom by how far they part and move by where they go", () => {
    const one = { x: 0.4, y: 0.5 };
    const other = { x: 0.6, y: 0.5 };
    const zoom = pinched(
      WHOLE,
      [one, other],
      [
        { x: 0.3, y: 0.6 },
        { x: 0.7, y: 0.6 },
      ],
    );
    assert.ok(Math.abs(zoom.scale - 2) < 1e-9);
    assert.deepEqual(seenAt(zoom, { x: 0.5, y: 0.6 }), [0.5, 0.5]);
  });

  test("two fingers on one point do no harm", () => {
    const point = { x: 0.5, y: 0.5 };
    assert.equal(pinched(WHOLE, [point, point], [point, point]).scale, 1);
  });

  test("a turn of the wheel and the one back are nothing; a touchpad's small steps count", () => {
    const turn = { deltaY: -120, deltaMode: 0, ctrlKey: false };
    assert.ok(factorOf(turn) > 1.2);
    assert.ok(Math.abs(factorOf(turn) * factorOf({ ...turn, deltaY: 120 }) - 1) < 1e-9);
    assert.ok(Math.abs(factorOf({ deltaY: -5, deltaMode: 0, ctrlKey: true }) - Math.exp(0.05)) < 1e-9);
    assert.equal(factorOf({ ...turn, deltaY: -1e6 }), factorOf({ deltaY: -3, deltaMode: 1, ctrlKey: false }));
  });

  test("a point of the window is one of the box, however the picture in it is zoomed", () => {
    const zoom = { scale: 2, x: -0.5, y: -1 };
    // The box is 100 wide and 50 high at (10, 20).
    const picture = { left: 10 - 50, top: 20 - 50, width: 200, height: 100 };
    assert.deepEqual(pointIn(picture, zoom, { x: 60, y: 45 }), { x: 0.5, y: 0.5 });
  });
});
