// The frame on show as a picture, in the pixels of the clip and whole, however it is zoomed.

/** @import { PictureName, SideName } from "./display.js" */

/**
 * @typedef {object} Layer A part of one video, over the full height.
 * @property {PictureName} side
 * @property {number} from Where the part begins in the video, in pixels from the left.
 * @property {number} width
 * @property {number} to Where it goes in the picture.
 * @property {number} opacity
 * @property {"source-over" | "difference"} mode
 */

/**
 * @typedef {object} Still
 * @property {number} width
 * @property {number} height
 * @property {Layer[]} layers From the lowest to the highest.
 * @property {number} doublings How often it is made twice as bright afterwards.
 */

/**
 * @typedef {object} Look How both are seen.
 * @property {string} view
 * @property {SideName} front The side on show in the flip view.
 * @property {number} wipe Where the divider is, 0 to 1.
 * @property {number} onion Opacity of B over A, 0 to 1.
 */

/**
 * What is drawn where.
 *
 * @param {Look} look
 * @param {number} width Of the clip, in pixels.
 * @param {number} height
 * @returns {Still}
 */
export function stillOf({ view, front, wipe, onion }, width, height) {
  /**
   * @param {PictureName} side
   * @param {Partial<Layer>} [other]
   * @returns {Layer}
   */
  const layer = (side, other) => ({ side, from: 0, width, to: 0, opacity: 1, mode: "source-over", ...other });
  const one = { width, height, doublings: 0 };
  const edge = Math.round(width * wipe);
  switch (view) {
    case "side":
      return { ...one, width: 2 * width, layers: [layer("reference"), layer("result", { to: width })] };
    case "three": {
      const layers = [layer("clip"), layer("reference", { to: width }), layer("result", { to: 2 * width })];
      return { ...one, width: 3 * width, layers };
    }
    case "wipe": {
      const right = layer("result", { from: edge, width: width - edge, to: edge });
      return { ...one, layers: edge < width ? [layer("reference"), right] : [layer("reference")] };
    }
    case "onion":
      return { ...one, layers: [layer("reference"), layer("result", { opacity: onion })] };
    case "difference":
      return { ...one, layers: [layer("reference"), layer("result", { mode: "difference" })], doublings: 2 };
    default:
      return { ...one, layers: [layer(front)] };
  }
}

/**
 * @param {Still} still
 * @param {number} clipWidth In pixels; an engine may have made its result smaller than that.
 * @param {Record<PictureName, HTMLVideoElement>} video
 * @returns {Promise<Blob | null>} A PNG; null where the browser makes none.
 */
export function drawn({ width, height, layers, doublings }, clipWidth, video) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (!context) return Promise.resolve(null);
  for (const layer of layers) {
    const { videoWidth, videoHeight } = video[layer.side];
    const ratio = videoWidth / clipWidth;
    context.globalAlpha = layer.opacity;
    context.globalCompositeOperation = layer.mode;
    const part = /** @type {const} */ ([layer.from * ratio, 0, layer.width * ratio, videoHeight]);
    context.drawImage(video[layer.side], ...part, layer.to, 0, layer.width, height);
  }
  context.globalAlpha = 1;
  context.globalCompositeOperation = "lighter";
  for (let times = 0; times < doublings; times++) context.drawImage(canvas, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/**
 * Hands a file to the viewer.
 *
 * @param {Blob} file
 * @param {string} name
 */
export function download(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
