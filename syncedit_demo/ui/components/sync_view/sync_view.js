// How well a result keeps time: the verdict, and curves over the frames. The playhead follows the player, and the curves
// are a slider: a click or a key on them takes the player there. All words come from the value and are plain text.

const root = element.querySelector(".sync");
const find = (selector) => root.querySelector(selector);
const frames = find(".frame");

let report = null;
let shown = 0; // the frame that the player shows

const last = () => Math.max(report.agreement.length - 1, 1);

function write(value) {
  report = value?.report ?? null;
  root.dataset.state = report ? "ready" : value?.making ? "making" : "empty";
  root.dataset.verdict = report?.verdict ?? "";
  find(".verdict").textContent = report ? report.verdict[0].toUpperCase() + report.verdict.slice(1) : "";
  find(".score").textContent = report ? `Score ${report.score.toFixed(2)}` : "";
  const [first = "", ...rest] = value?.sentences ?? [];
  find(".words .first").textContent = first;
  find(".words .rest").textContent = rest.join(" ");
  frames.disabled = !report;
  if (!report) return;
  const { agreement, motion_reference: reference, motion_result: result } = report;
  const fastest = Math.max(...reference, ...result) || 1;
  draw(".agreement .line", agreement, 1);
  draw(".agreement .area", agreement, 1, ` L${last()} 1 L0 1 Z`);
  // Before the first frame there is none to move from.
  draw(".motion .reference", reference.slice(1), fastest);
  draw(".motion .result", result.slice(1), fastest);
  root.toggleAttribute("data-worst", report.worst_frame !== null);
  root.style.setProperty("--worst", (report.worst_frame ?? 0) / last());
  find(".faces").hidden = !report.faces.length;
  find(".faces").replaceChildren(...report.faces.map(face));
  frames.max = agreement.length - 1;
  follow();
}

function draw(selector, values, most, rest = "") {
  const path = find(selector);
  path.ownerSVGElement.setAttribute("viewBox", `0 -0.06 ${last()} 1.12`);
  const first = report.agreement.length - values.length;
  const points = values.map((value, index) => `${first + index} ${(1 - value / most).toFixed(4)}`);
  path.setAttribute("d", points.length ? `M${points.join(" L")}${rest}` : "");
}

function face({ title, words, ...curves }) {
  const row = document.createElement("li");
  for (const text of [title, words]) row.append(Object.assign(document.createElement("span"), { textContent: text }), " ");
  const svg = find(".motion").cloneNode(true);
  svg.setAttribute("class", "face");
  svg.setAttribute("viewBox", `0 -0.06 ${last()} 1.12`);
  for (const side of ["reference", "result"]) {
    // A frame without a face is a gap.
    const points = curves[side].map((value, index) =>
      value === null ? "" : `${curves[side][index - 1] == null ? "M" : "L"}${index} ${1 - value}`,
    );
    svg.querySelector(`.${side}`).setAttribute("d", points.join(""));
  }
  row.append(svg);
  return row;
}

function follow() {
  if (!report) return;
  const frame = Math.min(shown, last());
  frames.value = frame;
  root.style.setProperty("--at", frame / last());
  const agrees = Math.round(100 * (report.agreement[frame] ?? 0));
  frames.setAttribute("aria-valuetext", `Frame ${frame + 1} of ${report.agreement.length}, ${agrees} % agrees`);
}

function goTo(frame) {
  document.querySelector(".compare-player").dispatchEvent(new CustomEvent("seekframe", { detail: { frame } }));
}

function onFrame(event) {
  if (!root.isConnected) document.removeEventListener("frame", onFrame);
  else {
    shown = event.detail.frame;
    follow();
  }
}

frames.addEventListener("input", () => goTo(Number(frames.value)));
find(".worst").addEventListener("click", () => goTo(report.worst_frame));
document.addEventListener("frame", onFrame);

// Gradio pads every HTML component; this one lines up with the player.
element.parentElement.style.padding = 0;

watch("value", () => write(props.value));
write(props.value);
