// Shows frame 0 at once and the video of the clip, with frame 0 as its poster, when that is ready.

import { find } from "../dom.js";

/** @import { ClipCard } from "../values.d.ts" */

const card = find(element, ".clip-card", HTMLElement);
const image = find(card, "img", HTMLImageElement);
const video = find(card, "video", HTMLVideoElement);

function show() {
  const value = /** @type {ClipCard | null} */ (props.value);
  card.hidden = !value;
  if (!value) {
    stop();
    return;
  }
  find(card, ".picture", HTMLElement).style.aspectRatio = `${value.width} / ${value.height}`;
  image.src = value.picture.url;
  video.hidden = !value.video;
  image.hidden = Boolean(value.video);
  if (value.video) {
    video.poster = value.picture.url;
    if (video.getAttribute("src") !== value.video.url) video.src = value.video.url;
  } else {
    stop();
  }
  find(card, ".source", HTMLElement).textContent = value.source;
  find(card, ".result", HTMLElement).textContent = value.result;
  find(card, ".notes", HTMLElement).replaceChildren(
    ...value.notes.map((note) => {
      const item = document.createElement("li");
      item.textContent = note;
      return item;
    }),
  );
}

// A video whose source is only taken away plays on.
function stop() {
  video.removeAttribute("src");
  video.load();
}

watch("value", show);
show();
