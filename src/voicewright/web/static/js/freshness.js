// What a page shows may be old while the service can't be reached. One note says so, for however many parts of the
// page, and goes with the next good answer; parts that were asked for in vain are asked for again.

const SHOWN_AFTER_MS = 3000;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;
const TEXT = "Not up to date. The service can't be reached now; this page catches up by itself.";

let kept = null;

/** Watch what HTMX asks for on this page. */
export function installFreshness(document) {
  kept = freshness({ show: (isBehind) => showNote(document, isBehind), ask: (name) => document.body.dispatchEvent(new CustomEvent(name)) });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isInVain(event.detail.requestConfig, document)) event.preventDefault();
  });
  document.addEventListener("htmx:sendError", (event) => missed(event.detail.requestConfig));
  document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && kept.set(true));
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.status < 500 || !isRefresh(requestConfig)) return;
    event.detail.shouldSwap = false; // one refusal for each time that it is asked would pile up
    missed(requestConfig);
  });
  function missed(config) {
    if (isRefresh(config)) kept.set(false, config.triggeringEvent?.type);
  }
}

/** Say that what the page shows is up to date, or that it can't be: for what does not come by HTMX. */
export function showFreshness(isFresh) {
  kept?.set(isFresh);
}

/** Whether the clock asks for a page that nobody sees: it asks again, and by then somebody may. */
export function isInVain({ triggeringEvent }, { hidden }) {
  return hidden && !triggeringEvent;
}

/** Whether a part of the page asked by itself, and not somebody. */
export function isRefresh({ verb, triggeringEvent } = {}) {
  return verb === "get" && (!triggeringEvent || triggeringEvent instanceof CustomEvent);
}

/**
 * Whether a page is behind: told when it has been so for a moment, and when it is so no more.
 * @param {{show: (isBehind: boolean) => void, ask: (name: string) => void, later?: typeof setTimeout}} does
 * @returns {{set: (isFresh: boolean, name?: string) => void}} `name`: the event on which a part is asked for, which it
 *   was in vain
 */
export function freshness({ show, ask, later = setTimeout }) {
  const names = new Set();
  let isBehind = false;
  let turn = 0;
  let isAsking = false;
  let pause = FIRST_PAUSE_MS;

  function set(isFresh, name) {
    if (isFresh) {
      if (isBehind) show(false);
      isBehind = false;
      turn += 1;
      pause = FIRST_PAUSE_MS;
      askAgain();
      return;
    }
    if (!isBehind) {
      isBehind = true;
      const mine = turn;
      later(() => mine === turn && show(true), SHOWN_AFTER_MS);
    }
    if (!name) return;
    names.add(name);
    if (isAsking) return;
    isAsking = true;
    later(() => {
      isAsking = false;
      askAgain();
    }, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }

  function askAgain() {
    const missed = [...names];
    names.clear();
    missed.forEach(ask);
  }

  return { set };
}

function showNote(document, isBehind) {
  document.getElementById("freshness")?.remove();
  if (!isBehind) return;
  const note = document.createElement("div");
  note.id = "freshness";
  note.className = "toast";
  const words = document.createElement("p");
  words.textContent = TEXT;
  note.append(words);
  document.getElementById("notes").append(note);
}
