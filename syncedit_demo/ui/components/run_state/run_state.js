// How far a run is: a phase, a bar, a line of text and the latest picture.

const box = element.querySelector(".run-state");
const bar = box.querySelector(".bar");
const image = box.querySelector("img");

function write(selector, text) {
  const target = box.querySelector(selector);
  if (target.textContent !== text) target.textContent = text;
}

function show() {
  const value = props.value;
  box.hidden = !value;
  if (!value) return;
  box.dataset.state = value.state;
  write(".phase", value.phase);
  write(".detail", value.detail);
  bar.classList.toggle("unknown", value.share === null);
  bar.firstElementChild.style.transform = `scaleX(${value.share ?? 0})`;
  if (value.share === null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.round(100 * value.share)));
  image.hidden = !value.picture;
  if (value.picture && image.src !== value.picture) image.src = value.picture;
}

watch("value", show);
show();
