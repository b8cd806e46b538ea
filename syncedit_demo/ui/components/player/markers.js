// Frames that the viewer has marked, in order. It knows no page.

/**
 * @param {readonly number[]} markers
 * @param {number} frame
 */
export function toggled(markers, frame) {
  if (markers.includes(frame)) return markers.filter((each) => each !== frame);
  return [...markers, frame].sort((one, other) => one - other);
}

/**
 * The next marker after a frame, or the first of all after the last one; null where there is none.
 *
 * @param {readonly number[]} markers
 * @param {number} frame
 */
export function markerAfter(markers, frame) {
  return markers.find((each) => each > frame) ?? markers[0] ?? null;
}

/**
 * The last marker before a frame, or the last of all before the first one; null where there is none.
 *
 * @param {readonly number[]} markers
 * @param {number} frame
 */
export function markerBefore(markers, frame) {
  return markers.findLast((each) => each < frame) ?? markers.at(-1) ?? null;
}
