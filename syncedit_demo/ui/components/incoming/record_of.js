// The run record in a file: the text of a .record.json, or the comment of an mp4 as this program writes it.

/**
 * What of a file is read: where its bytes from one place up to another are.
 *
 * @typedef {object} Bytes
 * @property {number} size
 * @property {(from: number, to: number) => Promise<ArrayBuffer>} read
 */

// Of a record as text; the server takes no more either.
const LONGEST = 300_000;
// Boxes of an mp4 that are looked at: in one of ours the record is among the first twenty.
const MOST_BOXES = 500;

// From the file down to the comment, and how many bytes stand in each box before those that are in it.
const WAY = /** @type {const} */ ([
  ["moov", 8],
  ["udta", 8],
  ["meta", 12],
  ["ilst", 8],
  ["©cmt", 8],
  ["data", 16],
]);

/**
 * The record that a file holds, or null.
 *
 * @param {File} file
 */
export async function recordOf(file) {
  if (isJson(file)) return file.size <= LONGEST ? file.text() : null;
  return recordInMp4({ size: file.size, read: (from, to) => file.slice(from, to).arrayBuffer() });
}

/** @param {File} file */
export function isJson({ name, type }) {
  return type === "application/json" || name.toLowerCase().endsWith(".json");
}

/**
 * The record in an mp4, or null where there is none.
 *
 * @param {Bytes} file
 */
export async function recordInMp4(file) {
  let [from, to] = [0, file.size];
  let looked = 0;
  for (const [name, head] of WAY) {
    let found = false;
    while (!found && from + 8 <= to && looked++ < MOST_BOXES) {
      const box = await boxAt(file, from, to);
      if (!box) return null;
      found = box.name === name;
      [from, to] = found ? [from + head, box.end] : [box.end, to];
    }
    if (!found) return null;
  }
  if (to - from > LONGEST || to <= from) return null;
  const text = new TextDecoder().decode(await file.read(from, to));
  return text.startsWith("{") && text.includes('"frames_sha256"') ? text : null;
}

/**
 * @param {Bytes} file
 * @param {number} from
 * @param {number} limit Where the box around it ends.
 */
async function boxAt(file, from, limit) {
  const head = new DataView(await file.read(from, Math.min(from + 16, limit)));
  if (head.byteLength < 8) return null;
  const name = String.fromCharCode(...[4, 5, 6, 7].map((at) => head.getUint8(at)));
  let size = head.getUint32(0);
  if (size === 1 && head.byteLength === 16) size = Number(head.getBigUint64(8));
  if (size === 0) size = limit - from; // It goes on to the end of the file.
  const end = from + size;
  return size < 8 || end > limit ? null : { name, end };
}
