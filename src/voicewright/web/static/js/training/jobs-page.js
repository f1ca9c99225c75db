// The list of jobs: one stream tells where each is. A bar is moved in place; whatever else changed, HTMX asks for
// the rows again. Of jobs on other pages only a new state is of interest: tabs say how many are in which.
import { url } from "../api.js";
import { showFreshness } from "../freshness.js";
import { follow } from "../live.js";
import { calmly } from "./calmly.js";
import { sightings } from "./sightings.js";

const PAUSE_MS = 1000;
const refresh = calmly(() => document.body.dispatchEvent(new CustomEvent("jobs-changed")), PAUSE_MS);
const isNews = sightings();

/** Whether a row says all that an event does, once its bar has moved. */
export function onlyMoved(row, job) {
  return row !== null && row.dataset.status === job.status && job.status === "running";
}

function show(job) {
  const row = document.querySelector(`[data-job="${CSS.escape(job.id)}"]`);
  if (!onlyMoved(row, job)) {
    if (row || isNews(job.id, job.status)) refresh();
    return;
  }
  row.querySelector("[data-progress]").value = job.progress;
  row.querySelector("[data-percent]").textContent = `${Math.round(job.progress)} %`;
  row.querySelector("[data-stage]").textContent = job.stage ?? "starting";
}

if (globalThis.document) {
  const list = document.querySelector("[data-jobs]");
  const badge = document.getElementById("away");
  let stream = null;
  let whose = null;
  const listen = () => {
    const wanted = document.querySelector("[data-jobs]").dataset.whose;
    if (wanted === whose) return;
    whose = wanted;
    stream?.close();
    // the mark says what the page shows: the stream tells first of all where that is not how things are
    const address = () => url(`/panel/jobs/events?whose=${wanted}&mark=${document.querySelector("[data-jobs]").dataset.mark}`);
    stream = follow(address, { job: show, all: refresh }, {
      state: (state) => {
        badge.hidden = state !== "away";
        if (state === "open") showFreshness(true);
      },
    });
  };
  if (list) listen();
  document.addEventListener("htmx:afterSettle", listen);
}
