// How well a result keeps time: the verdict, and on demand curves over the frames. The playhead follows the player, and the curves
// are a slider: a click or a key on them takes the player there. All words come from the value and are plain text.

import { find } from "../dom.js";

/** @import { FaceView, SyncCurves, SyncView } from "../values.d.ts" */

const root = find(element, ".sync", HTMLElement);
const frames = find(root, ".frame", HTMLInputElement);
const open = find(root, ".open", HTMLButtonElement);

let report = /** @type {SyncCurves | null} */ (null);
let end = 1; // the right end of the curves, which is the last frame
let shown = 0; // the frame that the player shows

/** @param {string} selector */
const part = (selector) => find(root, selector, HTMLElement);

function write() {
  const value = /** @type {SyncView | null} */ (props.value);
  report = value?.report ?? null;
  root.hidden = !value;
  part(".about").textContent = value?.about ?? "";
  // Of two results on show either is B, and each of them was measured against the clip.
  part(".of-reference").textContent = value?.about ? "Motion of the clip" : "Motion A";
  part(".of-result").textContent = value?.about ? "Motion of the result" : "Motion B";
  root.dataset.state = report ? "ready" : value?.making ? "making" : "empty";
  root.dataset.verdict = report?.verdict ?? "";
  part(".verdict").textContent = report ? report.verdict.charAt(0).toUpperCase() + report.verdict.slice(1) : "";
  part(".score").textContent = report ? `Score ${report.score.toFixed(2)}` : "";
  const [first = "", ...rest] = value?.sentences ?? [];
  part(".words .first").textContent = first;
  part(".words .rest").textContent = rest.join(" ");
  frames.disabled = !report;
  open.disabled = !report;
  if (!report) return;
  const { agreement, motion_reference: reference, motion_result: result } = report;
  const fastest = Math.max(...reference, ...result) || 1;
  end = Math.max(agreement.length - 1, 1);
  draw(".agreement .line", line(agreement, 0, 1));
  draw(".agreement .area", `${line(agreement, 0, 1)} L${end} 1 L0 1 Z`);
  // Before the first frame there is none to move from.
  draw(".motion .reference", line(reference, 1, fastest));
  draw(".motion .result", line(result, 1, fastest));
  root.toggleAttribute("data-worst", report.worst_frame !== null);
  root.style.setProperty("--worst", String((report.worst_frame ?? 0) / end));
  part(".faces").hidden = !report.faces.length;
  part(".faces").replaceChildren(...report.faces.map(face));
  frames.max = String(agreement.length - 1);
  follow();
}

/**
 * @param {string} selector
 * @param {string} line
 */
function draw(selector, line) {
  const path = find(root, selector, SVGPathElement);
  path.ownerSVGElement?.setAttribute("viewBox", `0 -0.06 ${end} 1.12`);
  path.setAttribute("d", line);
}

/**
 * @param {number[]} values One a frame.
 * @param {number} first The frame to begin with.
 * @param {number} most The value at the upper edge.
 */
function line(values, first, most) {
  const points = values.map((value, frame) => `${frame} ${(1 - value / most).toFixed(4)}`).slice(first);
  return points.length ? `M${points.join(" L")}` : "";
}

/** @param {FaceView} face */
function face({ title, words, ...curves }) {
  const row = document.createElement("li");
  for (const text of [title, words])
    row.append(Object.assign(document.createElement("span"), { textContent: text }), " ");
  const svg = /** @type {SVGElement} */ (find(root, ".motion", SVGElement).cloneNode(true));
  svg.setAttribute("class", "face");
  svg.setAttribute("viewBox", `0 -0.06 ${end} 1.12`);
  for (const side of /** @type {const} */ (["reference", "result"])) {
    // A frame without a face is a gap.
    const points = curves[side].map((value, index) =>
      value === null ? "" : `${curves[side][index - 1] == null ? "M" : "L"}${index} ${1 - value}`,
    );
    find(svg, `.${side}`, SVGElement).setAttribute("d", points.join(""));
  }
  row.append(svg);
  return row;
}

function follow() {
  if (!report) return;
  const frame = Math.min(shown, end);
  frames.value = String(frame);
  root.style.setProperty("--at", String(frame / end));
  const agrees = Math.round(100 * (report.agreement[frame] ?? 0));
  frames.setAttribute("aria-valuetext", `Frame ${frame + 1} of ${report.agreement.length}, ${agrees} % agrees`);
}

/** @param {number} frame */
function goTo(frame) {
  find(document, ".compare-player", HTMLElement).dispatchEvent(new CustomEvent("seekframe", { detail: { frame } }));
}

/** @param {CustomEvent<{ frame: number }>} event */
function onFrame(event) {
  if (!root.isConnected) document.removeEventListener("frame", onFrame);
  else {
    shown = event.detail.frame;
    follow();
  }
}

open.addEventListener("click", () => {
  const opened = root.toggleAttribute("data-open");
  open.setAttribute("aria-expanded", String(opened));
});
frames.addEventListener("input", () => goTo(Number(frames.value)));
part(".worst").addEventListener("click", () => {
  if (report && report.worst_frame !== null) goTo(report.worst_frame);
});
document.addEventListener("frame", onFrame);

// Gradio pads every HTML component; this one lines up with the player.
if (element.parentElement) element.parentElement.style.padding = "0";

watch("value", write);
write();
