// A row of pictures to choose from. The titles are plain text.

import { find } from "../dom.js";

/** @import { Tile, Tiles } from "../values.d.ts" */

const list = find(element, ".tiles", HTMLElement);

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string} [text]
 */
function make(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {string} time */
function clock(time) {
  const made = new Date(time);
  const day = made.toDateString() === new Date().toDateString() ? {} : /** @type {const} */ ({ dateStyle: "short" });
  return made.toLocaleString([], { ...day, timeStyle: "short" });
}

/**
 * @param {Tile} tile
 * @param {boolean} against Whether it gets a button to compare it with the one on show.
 */
function tile({ id, picture, title, detail, more, time, called, current }, against) {
  const item = make("li", "tile");
  const choose = make("button", "choose");
  choose.type = "button";
  choose.setAttribute("aria-pressed", String(current));
  const image = make("img", "");
  image.src = picture.url;
  image.alt = "";
  choose.append(image, make("span", "title", title));
  for (const text of [time ? `${detail} · ${clock(time)}` : detail, more])
    if (text) choose.append(make("span", "detail", text));
  choose.addEventListener("click", () => trigger("pick", { id }));
  item.append(choose);
  if (against) {
    const beside = make("button", "beside", current ? "On show" : "Compare with shown");
    beside.type = "button";
    beside.disabled = current;
    beside.setAttribute("aria-label", current ? `${called} is on show` : `Compare ${called} with the one on show`);
    beside.addEventListener("click", () => trigger("against", { id }));
    item.append(beside);
  }
  return item;
}

function show() {
  const { tiles = [], against = false } = /** @type {Partial<Tiles>} */ (props.value ?? {});
  list.replaceChildren(...tiles.map((each) => tile(each, against && tiles.length > 1)));
}

watch("value", show);
show();
