// Presets as the browser keeps them: names and settings as text. Whatever stands in the storage may be anything.

export const LONGEST_NAME = 40;
export const MOST = 30;
export const LONGEST_TEXT = 1000; // of settings, as the server takes it

/** @typedef {{ name: string, text: string }} Preset */

/**
 * @param {string | null} stored
 * @returns {Preset[]}
 */
export function read(stored) {
  try {
    const found = JSON.parse(stored ?? "[]");
    return Array.isArray(found) ? found.filter(isPreset).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** @param {unknown} each */
function isPreset(each) {
  const { name, text } = /** @type {Partial<Preset>} */ (each ?? {});
  return (
    typeof name === "string" &&
    typeof text === "string" &&
    name !== "" &&
    name.length <= LONGEST_NAME &&
    text.length <= LONGEST_TEXT
  );
}

/**
 * The presets with one more, which takes the place of that of its name; null where there are too many.
 *
 * @param {readonly Preset[]} presets
 * @param {Preset} preset
 */
export function withOne(presets, preset) {
  const others = presets.filter(({ name }) => name !== preset.name);
  return others.length < MOST ? [...others, preset] : null;
}
