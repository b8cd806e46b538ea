// Shows frame 0 at once and the video of the clip, with frame 0 as its poster, when that is ready.

const card = element.querySelector(".clip-card");
const image = card.querySelector("img");
const video = card.querySelector("video");

function show() {
  const value = props.value;
  card.hidden = !value;
  if (!value) {
    stop();
    return;
  }
  card.querySelector(".picture").style.aspectRatio = `${value.width} / ${value.height}`;
  image.src = value.picture.url;
  video.hidden = !value.video;
  image.hidden = Boolean(value.video);
  if (value.video) {
    video.poster = value.picture.url;
    if (video.getAttribute("src") !== value.video.url) video.src = value.video.url;
  } else {
    stop();
  }
  card.querySelector(".source").textContent = value.source;
  card.querySelector(".result").textContent = value.result;
  card.querySelector(".notes").replaceChildren(
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
