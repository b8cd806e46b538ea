// What comes into the page that is no clip and no edited frame: a file that is dropped or pasted beside the boxes and holds
// a record, of which page.js has the rest; and the settings of the link that the page was opened by.

import { LONGEST_TEXT } from "../settings_bar/presets.js";
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

// What Gradio and Spaces hang on to an address themselves.
const THEIRS = ["__theme", "__sign", "view", "logs"];

// The visit is opened first, and what it was given last is there before the link changes it.
document.addEventListener("pageisopen", openLink, { once: true });

function openLink() {
  const asked = new URLSearchParams(location.search);
  for (const each of THEIRS) asked.delete(each);
  const text = asked.toString().slice(0, LONGEST_TEXT + 1);
  if (text) trigger("link", { text });
}
