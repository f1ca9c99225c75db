// Moments in the reader's own zone and words: <time datetime data-local>, and data-ago for "3 minutes ago".

const STEPS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const FRESH_MS = 30_000;

export function installTimes(document) {
  write(document);
  document.addEventListener("htmx:load", (event) => write(event.target));
  setInterval(() => write(document), FRESH_MS);
}

/** Write those inside an element. */
export function write(root, now = Date.now()) {
  for (const time of root.querySelectorAll("time[data-local], time[data-ago]")) {
    const when = new Date(time.dateTime);
    const text = time.hasAttribute("data-ago") ? ago(when, now) : local(when);
    if (time.textContent !== text) time.textContent = text;
    if (time.hasAttribute("data-ago")) time.title = local(when);
  }
}

/** `3 minutes ago`, `in 2 hours`, `just now`. */
export function ago(when, now = Date.now()) {
  const seconds = Math.round((when.getTime() - now) / 1000);
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) {
      const count = seconds < 0 ? Math.trunc(seconds / length) : Math.round(seconds / length); // 90 days are 3 months
      return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(count, unit);
    }
  }
  return seconds > 0 ? "in a moment" : "just now";
}

function local(when) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(when);
}
