// The menu of formats: opened, chosen from, and how far the file is. When it is there the browser is given it.

import { find } from "../dom.js";

/** @import { ExportChoice, ExportMenu } from "../values.d.ts" */

const root = find(element, ".export-menu", HTMLElement);
const opener = find(root, ".open", HTMLButtonElement);
const choices = find(root, ".choices", HTMLElement);
const list = find(choices, "ul", HTMLElement);
const bar = find(root, ".bar", HTMLElement);
const file = find(root, ".file", HTMLAnchorElement);
let given = ""; // the address of the file that the browser was given last

/** @param {boolean} open */
function setOpen(open) {
  choices.hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
}

/** @param {ExportChoice} choice */
function item({ name, title, about }) {
  const [entry, button] = [document.createElement("li"), document.createElement("button")];
  button.type = "button";
  for (const text of [title, about])
    button.append(Object.assign(document.createElement("span"), { textContent: text }));
  button.addEventListener("click", () => {
    setOpen(false);
    opener.focus();
    write("Beginning …");
    trigger("make", { name });
  });
  entry.append(button);
  return entry;
}

/** @param {string} words */
function write(words) {
  const place = find(root, ".words", HTMLElement);
  if (place.textContent !== words) place.textContent = words;
}

function show() {
  const value = /** @type {ExportMenu | null} */ (props.value);
  const state = value?.state ?? "idle";
  const offered = value?.choices ?? [];
  root.dataset.state = state;
  opener.hidden = offered.length === 0;
  opener.disabled = state === "making";
  if (opener.hidden || opener.disabled) setOpen(false);
  const names = offered.map(({ name }) => name).join();
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    list.replaceChildren(...offered.map(item));
  }
  find(root, ".making", HTMLElement).hidden = state !== "making";
  bar.setAttribute("aria-valuenow", String(Math.round(100 * (value?.share ?? 0))));
  find(bar, "span", HTMLElement).style.transform = `scaleX(${value?.share ?? 0})`;
  write(value?.words ?? "");
  const address = value?.file?.url ?? "";
  file.hidden = !address;
  if (!address) {
    given = "";
    return;
  }
  file.href = address;
  file.textContent = "Download it again";
  if (address === given) return;
  given = address;
  file.click();
}

opener.addEventListener("click", () => setOpen(choices.hidden === true));
find(root, ".halt", HTMLButtonElement).addEventListener("click", () => trigger("halt"));
root.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || choices.hidden) return;
  setOpen(false);
  opener.focus();
});

watch("value", show);
show();
