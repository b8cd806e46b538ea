// The run on show. A note is sent when it is done with; to delete something is asked once more. All texts are plain.

import { find } from "../dom.js";
import { createMarks } from "../marks.js";

/** @import { RunCard } from "../values.d.ts" */

const root = find(element, ".run-card", HTMLElement);
const note = find(root, ".note", HTMLInputElement);
const sentence = find(root, ".sentence", HTMLInputElement);
const sure = find(root, ".sure", HTMLElement);
const keep = find(root, ".keep", HTMLButtonElement);
const others = find(root, ".remove-others", HTMLButtonElement);

let run = /** @type {RunCard | null} */ (null);
const marks = createMarks(find(root, ".marks", HTMLElement), rate);
let confirmed = () => {};

/**
 * @param {string} selector
 * @param {string} text
 */
function write(selector, text) {
  find(root, selector, HTMLElement).textContent = text;
}

function show() {
  const next = /** @type {RunCard | null} */ (props.value || null);
  // What is being typed is not written over by an answer about something else.
  /** @param {HTMLInputElement} place */
  const isTyped = (place) => document.activeElement === place && next?.id === run?.id;
  const [noting, reasoning] = [isTyped(note), isTyped(sentence)];
  run = next;
  root.hidden = run === null;
  if (!run) return;
  write(".trouble", run.trouble);
  note.maxLength = sentence.maxLength = run.longest;
  if (!noting) note.value = run.note;
  if (!reasoning) sentence.value = run.sentence;
  marks.show(run.best, run.rating);
  keep.setAttribute("aria-pressed", String(run.kept));
  keep.textContent = run.kept ? "Kept" : "Keep";
  others.hidden = !run.kept || run.others === 0;
  others.textContent = `Delete the ${run.others} not kept`;
  setSure(null);
}

function rate() {
  trigger("rate", { id: run?.id, rating: String(marks.value() ?? ""), text: sentence.value });
}

/** @param {string | null} question */
function setSure(question) {
  sure.hidden = question === null;
  find(root, ".do", HTMLElement).hidden = question !== null;
  write(".question", question ?? "");
}

/**
 * @param {string} question
 * @param {HTMLElement} asked What the focus goes back to.
 * @param {string} event
 */
function ask(question, asked, event) {
  confirmed = () => trigger(event, { id: run?.id });
  setSure(question);
  const no = find(sure, ".no", HTMLButtonElement);
  no.onclick = () => {
    setSure(null);
    asked.focus();
  };
  no.focus();
}

/**
 * @param {string} selector
 * @param {(button: HTMLButtonElement) => void} listener
 */
function onClick(selector, listener) {
  const button = find(root, selector, HTMLButtonElement);
  button.addEventListener("click", () => listener(button));
}

sentence.addEventListener("change", rate);
note.addEventListener("change", () => trigger("note", { id: run?.id, text: note.value }));
onClick(".again", () => trigger("again", { id: run?.id }));
onClick(".keep", () => trigger("keep", { id: run?.id, on: run?.kept ? "off" : "on" }));
onClick(".remove", (button) => ask(`Delete ${run?.title} and all its files?`, button, "remove"));
onClick(".remove-others", (button) => ask(`Delete ${run?.others} and all their files?`, button, "remove_others"));
onClick(".yes", () => {
  setSure(null);
  confirmed();
});

watch("value", show);
show();
