// Settings as a link and as presets. What they mean is the server's matter: here they are text.

import { find } from "../dom.js";
import { LONGEST_NAME, MOST, read, withOne } from "./presets.js";

/** @import { SettingsBar } from "../values.d.ts" */
/** @import { Preset } from "./presets.js" */

const KEY = "syncedit-presets";
const PRESET = "preset:";

const root = find(element, ".settings-bar", HTMLElement);
const address = find(root, ".address", HTMLInputElement);
const name = find(root, ".name", HTMLInputElement);
const list = find(root, ".presets", HTMLElement);
name.maxLength = LONGEST_NAME;

let answered = "";

/** @param {string} words */
function say(words) {
  find(root, ".words", HTMLElement).textContent = words;
}

function presets() {
  try {
    return read(localStorage.getItem(KEY));
  } catch {
    return []; // The browser keeps nothing for this page.
  }
}

/** @param {readonly Preset[]} next */
function keep(next) {
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
    return true;
  } catch {
    say("Your browser keeps nothing of this page.");
    return false;
  }
}

function show() {
  list.replaceChildren(
    ...presets().map(({ name, text }) => {
      const [item, apply, forget] = ["li", "button", "button"].map((tag) => document.createElement(tag));
      if (!item || !apply || !forget) throw new TypeError("no element");
      apply.textContent = name;
      apply.setAttribute("aria-label", `Use the preset ${name}`);
      apply.addEventListener("click", () => {
        say("");
        trigger("apply", { text, source: name });
      });
      forget.textContent = "×";
      forget.setAttribute("aria-label", `Delete the preset ${name}`);
      forget.addEventListener("click", () => {
        if (keep(presets().filter((each) => each.name !== name))) say(`The preset ${name} is deleted.`);
        show();
        find(root, ".name", HTMLInputElement).focus();
      });
      for (const each of [apply, forget]) each.setAttribute("type", "button");
      item.append(apply, forget);
      return item;
    }),
  );
}

function take() {
  const answer = /** @type {SettingsBar | null} */ (props.value || null);
  if (!answer || answer.token === answered) return;
  answered = answer.token;
  if (answer.purpose === "link") takeLink(answer.text);
  else takePreset({ name: answer.purpose.slice(PRESET.length), text: answer.text });
}

/** @param {string} text */
async function takeLink(text) {
  address.value = `${location.origin}${location.pathname}${text ? `?${text}` : ""}`;
  address.hidden = false;
  try {
    await navigator.clipboard.writeText(address.value);
    say("Copied. It holds numbers and options, no file.");
  } catch {
    address.select();
    say("Copy it from here. It holds numbers and options, no file.");
  }
}

/** @param {Preset} preset */
function takePreset(preset) {
  const next = withOne(presets(), preset);
  if (!next) say(`There are ${MOST} presets already: delete one first.`);
  else if (keep(next)) {
    name.value = "";
    say(`The preset ${preset.name} is kept by this browser.`);
  }
  show();
}

find(root, ".link", HTMLButtonElement).addEventListener("click", () => trigger("ask", { purpose: "link" }));
find(root, ".save", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = name.value.trim();
  if (wanted) trigger("ask", { purpose: PRESET + wanted });
  else name.focus();
});

watch("value", take);
show();
