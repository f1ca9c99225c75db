// The recordings of a row, opened in place: each is the card that the page of its dataset shows.
import { url } from "../api.js";
import { forget } from "../clips.js";

/** Show recordings of a dataset in an element. */
export function openCards(place, dataset, samples) {
  for (const { id } of samples) {
    const card = document.createElement("div");
    place.append(card);
    htmx.ajax("GET", url(`/panel/datasets/${encodeURIComponent(dataset)}/clips/${id}/card`), { target: card, swap: "innerHTML" });
  }
}

/** Take them away, unless words in them are not saved; returns whether it was done. */
export function closeCards(place) {
  const unsaved = place.querySelector("[data-transcript][data-changed] textarea");
  if (unsaved) {
    unsaved.focus();
    return false;
  }
  forget(place);
  place.replaceChildren();
  return true;
}
