// The start of trainings, each of which costs money: none is started twice by accident.

/**
 * Start one after another; what was started is told also where a later one is refused.
 * @template T
 * @param {string[]} engines
 * @param {(engine: string) => Promise<T>} start
 * @returns {Promise<{begun: Map<string, T>, refused: {engine: string, error: unknown} | null}>}
 */
export async function oneByOne(engines, start) {
  const begun = new Map();
  for (const engine of engines) {
    try {
      begun.set(engine, await start(engine));
    } catch (error) {
      return { begun, refused: { engine, error } };
    }
  }
  return { begun, refused: null };
}

/** The `Idempotency-Key` of what is asked for: the same for the same, until it has been done. */
export class StartKey {
  #asked = null;
  #key = null;

  /** @param {unknown} body of the request */
  for(body) {
    const asked = JSON.stringify(body);
    if (asked !== this.#asked) {
      this.#asked = asked;
      // not randomUUID: that is missing where the page came over plain http
      this.#key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    return this.#key;
  }

  /** It was done: the same, asked for again, is another training. */
  done() {
    this.#asked = null;
  }
}

/** Whether the start can be asked for: there is an estimate that allows it, and no start is under way. */
export class Gate {
  #allowed = false;
  #starting = false;

  get isOpen() {
    return this.#allowed && !this.#starting;
  }

  /** What an estimate says of the choice as it is now. */
  allow(allowed) {
    this.#allowed = allowed;
  }

  begin() {
    this.#starting = true;
  }

  end() {
    this.#starting = false;
  }
}
