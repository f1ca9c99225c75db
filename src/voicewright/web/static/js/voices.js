// The list of voices: choosing some to compare, and hearing those that have said nothing yet.
import { url } from "./api.js";
import { note } from "./notes.js";
import { MOST, Picks } from "./voice-picks.js";
import { installSamples } from "./voice-sample.js";

const picks = new Picks();
const bar = document.querySelector("[data-picks]");

function show() {
  for (const box of document.querySelectorAll("[data-pick]")) box.checked = picks.has(box.dataset.pick);
  bar.hidden = picks.ids.length === 0;
  bar.querySelector("[data-picks-count]").textContent = picks.words;
  bar.querySelector("[data-picks-names]").textContent = [...picks.names.values()].join(", ");
  const query = `?ids=${picks.ids.join(",")}`;
  const compare = bar.querySelector("[data-picks-compare]");
  compare.hidden = !picks.canCompare;
  compare.href = url("/panel/voices/compare") + query;
  bar.querySelector("[data-picks-listen]").href = url("/panel/listening") + query;
}

document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-pick]");
  if (!box) return;
  const name = box.closest(".voice").querySelector("h2").textContent;
  if (!picks.set(box.dataset.pick, name, box.checked, box.dataset.own === "yes")) note(`At most ${MOST} voices are compared at once.`);
  show();
});
bar.querySelector("[data-picks-none]").addEventListener("click", () => {
  picks.clear();
  show();
});
document.addEventListener("htmx:load", show);
installSamples(document);
show();
