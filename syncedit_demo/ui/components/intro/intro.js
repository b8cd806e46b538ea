// Three pictures of an example. They move where the player, which shows the same, is out of sight, and where the visitor
// has not asked for less motion.

import { find } from "../dom.js";

/** @import { Intro } from "../values.d.ts" */

const box = find(element, ".intro", HTMLElement);
const videos = [find(box, "video.clip", HTMLVideoElement), find(box, "video.result", HTMLVideoElement)];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let isPlayerInSight = true;

function move() {
  for (const video of videos) {
    if (box.hidden || isPlayerInSight || calm.matches) video.pause();
    else video.play().catch(() => {}); // A browser may want less motion than it says.
  }
}

/**
 * @param {HTMLVideoElement} video
 * @param {string | undefined} url
 */
function put(video, url) {
  if (url && video.getAttribute("src") !== url) video.src = url;
  if (url || !video.hasAttribute("src")) return;
  video.removeAttribute("src");
  video.load();
}

function show() {
  // Of a value that was taken away, Gradio makes an empty text.
  const value = /** @type {Intro | null} */ (props.value || null);
  box.hidden = !value;
  put(/** @type {HTMLVideoElement} */ (videos[0]), value?.clip.url);
  put(/** @type {HTMLVideoElement} */ (videos[1]), value?.result.url);
  if (value) {
    find(box, ".edited", HTMLImageElement).src = value.edited.url;
    find(box, ".place", HTMLElement).textContent = value.place;
    find(box, ".engine-name", HTMLElement).textContent = value.engine;
    find(box, ".can", HTMLElement).textContent = value.can;
    find(box, ".other", HTMLElement).textContent = value.other;
    find(box, ".getting", HTMLElement).hidden = !value.other;
  }
  move();
}

const player = document.querySelector("#player");
if (player) {
  new IntersectionObserver(([entry]) => {
    isPlayerInSight = entry?.isIntersecting ?? false;
    move();
  }).observe(player);
}
calm.addEventListener("change", move);

watch("value", show);
show();
