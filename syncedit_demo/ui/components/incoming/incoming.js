// Hears of every file that is dropped or pasted beside the boxes, and takes those that hold a record; page.js has the rest.

import { isJson, recordOf } from "./record_of.js";

/** @param {CustomEvent<{ file: File, take: () => void }>} event */
async function look(event) {
  const { file, take } = event.detail;
  if (!isJson(file) && !/\.(mp4|m4v|mov)$/i.test(file.name)) return;
  event.preventDefault();
  const text = await recordOf(file).catch(() => null);
  if (text !== null) trigger("record", { text, name: file.name });
  else if (isJson(file)) trigger("record", { text: "", name: file.name });
  else take();
}

document.addEventListener("filegiven", look);
