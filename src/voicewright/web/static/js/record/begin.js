// The form before the studio: the dataset is called after who speaks, until somebody calls it something else.

const form = document.querySelector("[data-begin]");
const speaker = form.elements.speaker;
const dataset = form.elements.dataset;

/** A name that a dataset may have. */
export function datasetName(name) {
  const kept = name.replace(/[^\p{L}\p{N}\p{M} ._-]/gu, "").replace(/^[^\p{L}\p{N}]+/u, "").trim();
  return kept ? `${kept.slice(0, 90)} reading` : "";
}

let own = dataset.value !== "" && dataset.value !== datasetName(speaker.value);

const follow = () => {
  if (!own) dataset.value = datasetName(speaker.value);
};
speaker.addEventListener("input", follow);
dataset.addEventListener("input", () => {
  own = dataset.value !== "";
});
follow();
