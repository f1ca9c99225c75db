// What stays up to date by itself: a stream of server-sent events that comes back whatever happens to the connection
// or the server, and a question that is asked again and again. Both rest while nobody sees the page: a browser opens
// few connections to a host, and tabs that nobody looks at would use them up.
// `EventSource` gives up for ever on an error of HTTP; this waits, longer each time, and goes on where it was.
import { call } from "./api.js";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** Ask who is signed in; where nobody is, `call` goes to the sign-in page, and from there back. */
const askWho = () => call("GET", "/auth/me");

/**
 * @param {string | (() => string)} address a function is asked each time that the stream is opened
 * @param {Record<string, (data: any, event: MessageEvent) => void>} on by the names of the events; data is parsed JSON
 * @param {{state?: (state: "open" | "away" | "ended") => void, Source?: typeof EventSource, later?: typeof setTimeout,
 *   page?: Document, whoAmI?: () => Promise<unknown>}} [options]
 * @returns {{close: () => void}}
 */
export function follow(address, on, options = {}) {
  const { state = () => {}, Source = globalThis.EventSource, later = setTimeout, page = globalThis.document, whoAmI = askWho } = options;
  let source = null;
  let timer = null;
  let pause = FIRST_PAUSE_MS;
  let lastId = "";
  const sight = whileSeen(page, open, rest);
  return {
    close() {
      sight.end();
      rest();
      state("ended");
    },
  };

  function open() {
    const base = typeof address === "function" ? address() : address;
    const from = lastId ? `${base}${base.includes("?") ? "&" : "?"}after=${encodeURIComponent(lastId)}` : base;
    const opened = new Source(from);
    source = opened;
    opened.onopen = () => {
      pause = FIRST_PAUSE_MS;
      state("open");
    };
    opened.onerror = () => {
      if (source !== opened) return;
      state("away");
      if (opened.readyState !== Source.CLOSED) return; // it comes back by itself
      rest();
      let isLeft = false;
      timer = later(() => isLeft || open(), pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      whoAmI().catch((error) => {
        isLeft = error.status === 401;
      });
    };
    for (const [name, handle] of Object.entries(on)) {
      opened.addEventListener(name, (event) => {
        lastId = event.lastEventId || lastId;
        handle(event.data ? JSON.parse(event.data) : null, event);
      });
    }
  }

  function rest() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }
}

/**
 * Ask something at once when the page is seen again, and from then on with pauses, as long as it is seen.
 * @param {() => Promise<unknown> | undefined} ask
 * @param {number} pause milliseconds between two times
 * @param {{state?: (state: "open" | "away") => void, later?: typeof setTimeout, page?: Document}} [options]
 * @returns {{close: () => void}}
 */
export function poll(ask, pause, { state = () => {}, later = setTimeout, page = globalThis.document } = {}) {
  let timer = null;
  let round = 0;
  const stop = () => {
    round += 1;
    clearTimeout(timer);
  };
  const sight = whileSeen(page, () => turn(round), stop);
  return {
    close() {
      sight.end();
      stop();
    },
  };

  async function turn(mine) {
    try {
      if ((await ask()) !== undefined) state("open");
    } catch {
      state("away");
    }
    if (mine === round) timer = later(() => turn(mine), pause);
  }
}

/** Begin while a page is seen, stop while it is not. */
function whileSeen(page, begin, stop) {
  let goesOn = false;
  const look = () => {
    const isSeen = !page?.hidden;
    if (isSeen === goesOn) return;
    goesOn = isSeen;
    if (isSeen) begin();
    else stop();
  };
  page?.addEventListener("visibilitychange", look);
  look();
  return { end: () => page?.removeEventListener("visibilitychange", look) };
}
