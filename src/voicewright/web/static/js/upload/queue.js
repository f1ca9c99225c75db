// Sends things one after another, a few at a time; pauses, goes on, tries again, and waits where the service is away.
//
// It knows nothing of files or of HTTP: `send` does the work and says by what it throws how it went wrong.

/** What `send` throws. `refused`: the service wants none of it; `away`: nobody answers now; `halted`: it would refuse all. */
export class SendFailed extends Error {
  /** @param {"refused" | "away" | "halted" | "failed"} kind */
  constructor(kind, message, { afterMs = 0, signedOut = false } = {}) {
    super(message);
    this.kind = kind;
    this.afterMs = afterMs;
    this.signedOut = signedOut;
  }
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export class Queue {
  /**
   * @param {(item: any, signal: AbortSignal) => Promise<any>} send
   * @param {{atOnce?: number, changed?: (item?: any) => void, later?: typeof setTimeout, never?: typeof clearTimeout}} [options]
   */
  constructor(send, { atOnce = 3, changed = () => {}, later = (act, ms) => setTimeout(act, ms), never = (timer) => clearTimeout(timer) } = {}) {
    this.items = [];
    /** `idle`, `running`, `paused`, `away` (waits for the service), `halted` (with `reason`) or `done`. */
    this.state = "idle";
    this.reason = "";
    /** Whether it was halted because nobody is signed in any more. */
    this.signedOut = false;
    this.#send = send;
    this.#atOnce = atOnce;
    this.#changed = changed;
    this.#later = later;
    this.#never = never;
  }

  #send;
  #atOnce;
  #changed;
  #later;
  #never;
  #going = new Map();
  #timer = null;
  #waitMs = FIRST_WAIT_MS;

  /** Put items at the end; each gets a `state`: `waiting`, `sending`, `done` or `failed`, and a `result` or an `error`. */
  add(items) {
    for (const item of items) {
      item.state = "waiting";
      this.items.push(item);
    }
    if (this.state === "done") this.state = "idle";
    this.#changed();
  }

  /** Begin, or go on after a pause. */
  start() {
    this.#never(this.#timer);
    this.reason = "";
    this.signedOut = false;
    this.state = "running";
    this.#fill();
    this.#changed();
  }

  /** Begin nothing more; what is being sent is broken off and waits again. */
  pause() {
    this.#stop("paused");
  }

  /** Try failed items again: one, or all. */
  retry(item = null) {
    const again = item ? [item] : this.items.filter((one) => one.state === "failed");
    for (const one of again) {
      if (one.state !== "failed") continue;
      one.state = "waiting";
      one.error = null;
      this.#changed(one);
    }
    if (this.state === "paused") this.#changed();
    else this.start();
  }

  /** Whether something would be lost by leaving now. */
  get isBusy() {
    return this.state !== "idle" && this.state !== "done" && this.items.some((item) => item.state === "waiting" || item.state === "sending");
  }

  #fill() {
    if (this.state !== "running") return;
    for (const item of this.items) {
      if (this.#going.size >= this.#atOnce) return;
      if (item.state === "waiting") this.#begin(item);
    }
    this.#settle();
  }

  async #begin(item) {
    const stop = new AbortController();
    this.#going.set(item, stop);
    item.state = "sending";
    item.progress = 0;
    this.#changed(item);
    try {
      const result = await this.#send(item, stop.signal);
      if (stop.signal.aborted && this.items.indexOf(item) < 0) return;
      item.result = result;
      item.state = "done";
      this.#waitMs = FIRST_WAIT_MS;
    } catch (error) {
      this.#failed(item, error, stop.signal);
    } finally {
      this.#going.delete(item);
      this.#changed(item);
      this.#fill();
      this.#settle();
    }
  }

  #failed(item, error, signal) {
    const kind = error instanceof SendFailed ? error.kind : "failed";
    if (signal.aborted) item.state = "waiting";
    else if (kind === "away") {
      item.state = "waiting";
      this.#wait(error.afterMs);
    } else if (kind === "halted") {
      item.state = "waiting";
      this.reason = error.message;
      this.signedOut = error.signedOut;
      this.#stop("halted");
    } else {
      item.state = "failed";
      item.error = error;
    }
  }

  /** Nobody answers: try again later, and later still each time. */
  #wait(afterMs) {
    if (this.state !== "running") return;
    this.state = "away";
    const waitMs = Math.max(afterMs, this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    this.#timer = this.#later(() => this.state === "away" && this.start(), waitMs);
    this.#changed();
  }

  #stop(state) {
    this.#never(this.#timer);
    this.state = state;
    for (const stop of this.#going.values()) stop.abort();
    this.#changed();
  }

  #settle() {
    const isOver = this.#going.size === 0 && !this.items.some((item) => item.state === "waiting");
    if (this.state === "running" && isOver) {
      this.state = "done";
      this.#changed();
    }
  }
}
