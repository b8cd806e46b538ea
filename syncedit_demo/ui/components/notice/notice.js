// Shows the lines of the value as plain text. A script of the page may send a "notice" event with a value of its own, and
// one without any to show the page's value again.

const box = element.querySelector(".notice");

function show(value) {
  box.hidden = !value;
  box.dataset.tone = value?.tone ?? "";
  box.replaceChildren(
    ...(value?.lines ?? []).map((line) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = line;
      return paragraph;
    }),
  );
}

element.addEventListener("notice", ({ detail }) => show(detail ?? props.value));
watch("value", () => show(props.value));
show(props.value);
