// Wheel, drag and pinch on the pictures. What is not meant for them stays what it was: a click, a scroll of the page.

import { factorOf, panned, pinched, pointIn, zoomed } from "./zoom.js";

/** @import { Point, Zoom } from "./zoom.js" */

// Pixels by which a pointer has to move before it drags: hands tremble in a click.
const SLACK = 4;

/**
 * @param {HTMLElement} stage
 * @param {HTMLElement[]} pictures Zoomed alike.
 * @param {() => Zoom} zoomNow
 * @param {(zoom: Zoom) => void} change
 */
export function followGestures(stage, pictures, zoomNow, change) {
  /** @type {Map<number, Point>} */
  const pointers = new Map(); // where each was last, in pixels of the window
  let dragged = false;

  /**
   * @param {Point} point In pixels of the window.
   * @returns {Point} In shares of the picture that it is over, or of the first one.
   */
  function placed(point) {
    const places = pictures.map((each) => pointIn(each.getBoundingClientRect(), zoomNow(), point));
    const over = places.find(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= 1);
    return over ?? places[0] ?? { x: 0.5, y: 0.5 };
  }

  /**
   * The same two points in shares of one picture, even where the second is over the other one.
   *
   * @param {Point} one
   * @param {Point} other
   * @returns {[Point, Point]}
   */
  function placedTogether(one, other) {
    const first = placed(one);
    const box = pictures[0]?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    const { scale } = zoomNow();
    const right = ((other.x - one.x) / box.width) * scale;
    const down = ((other.y - one.y) / box.height) * scale;
    return [first, { x: first.x + right, y: first.y + down }];
  }

  stage.addEventListener(
    "wheel",
    (event) => {
      const zoom = zoomNow();
      // A page that scrolls is not to be caught by a picture on its way, unless somebody has begun to look into it.
      const meant = event.ctrlKey || event.metaKey || zoom.scale > 1 || document.fullscreenElement !== null;
      if (!meant) return;
      event.preventDefault();
      change(zoomed(zoom, factorOf(event), placed({ x: event.clientX, y: event.clientY })));
    },
    { passive: false },
  );

  stage.addEventListener("pointerdown", (event) => {
    if (event.target instanceof HTMLInputElement || event.button !== 0) return;
    if (!pointers.size) dragged = false;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });

  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const after = { x: event.clientX, y: event.clientY };
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    if (other) {
      dragged = true;
      change(pinched(zoomNow(), placedTogether(other, before), placedTogether(other, after)));
    } else {
      if (zoomNow().scale === 1) return;
      if (!dragged && Math.hypot(after.x - before.x, after.y - before.y) < SLACK) return;
      if (!dragged) stage.setPointerCapture(event.pointerId);
      dragged = true;
      const [from, to] = placedTogether(before, after);
      change(panned(zoomNow(), to.x - from.x, to.y - from.y));
    }
    pointers.set(event.pointerId, after);
  });

  for (const type of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    stage.addEventListener(type, (event) => pointers.delete(event.pointerId));
  }

  // Two fingers are for the picture: the page is not to scroll or zoom under them.
  stage.addEventListener(
    "touchstart",
    (event) => {
      if (event.touches.length > 1) event.preventDefault();
    },
    { passive: false },
  );

  // The click at the end of a drag is none.
  stage.addEventListener(
    "click",
    (event) => {
      if (!dragged || event.detail === 0) return;
      dragged = false;
      event.stopPropagation();
      event.preventDefault();
    },
    { capture: true },
  );
}
