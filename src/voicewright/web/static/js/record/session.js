// Which sentence is read now, what became of those before, and what counts. No page and no sound in here.

/**
 * @typedef {{text: string, sounds: string}} Prompt
 * @typedef {{key: number, prompt: Prompt, id: string | null, state: "sending" | "waiting" | "kept" | "failed", verdict: string | null, reasons: string[], seconds: number, replaces: string | null, before: Take | null}} Take
 * `before` is the take of the same sentence that counts until this one does.
 */
export class Session {
  /**
   * @param {{prompts: (Prompt & {replaces?: string})[], taken: (Prompt & {id: string, verdict: string, reasons: string[], seconds: number})[], others?: {seconds: number}}} plan
   */
  constructor({ prompts, taken, others = { seconds: 0 } }) {
    this.otherSeconds = others.seconds;
    this.all = [...taken, ...prompts].map(({ text, sounds }) => ({ text, sounds }));
    /** @type {Map<string, Take>} by sentence, the latest take */
    this.takes = new Map();
    this.keys = 0;
    /** Takes of earlier sittings that can't be used: they go when the sentence is read again. */
    this.spoilt = new Map(prompts.filter(({ replaces }) => replaces).map(({ text, replaces }) => [text, replaces]));
    for (const one of taken) {
      const prompt = this.all.find(({ text }) => text === one.text);
      this.takes.set(one.text, { key: this.keys++, prompt, id: one.id, state: "kept", verdict: one.verdict, reasons: one.reasons, seconds: one.seconds, replaces: null, before: null });
    }
    /** What was read or skipped in this sitting, in that order: the way back. */
    this.past = [];
    this.waiting = this.all.slice(taken.length);
    this.now = this.waiting.shift() ?? null;
  }

  /** The sentence that is read now; null: none is left. */
  get prompt() {
    return this.now;
  }

  get left() {
    return this.waiting.length + (this.now ? 1 : 0);
  }

  /** Sentences of the speaker's own come before those that are left. */
  add(texts) {
    const known = new Set(this.all.map(({ text }) => text));
    const fresh = texts.filter((text, index) => !known.has(text) && texts.indexOf(text) === index).map((text) => ({ text, sounds: "" }));
    this.all.push(...fresh);
    if (fresh.length) {
      this.waiting.unshift(...fresh, ...(this.now ? [this.now] : []));
      this.now = this.waiting.shift();
    }
    return fresh.length;
  }

  /** The take of this sentence is kept and on its way; the next one comes. */
  keep() {
    const last = this.takes.get(this.now.text);
    const take = { key: this.keys++, prompt: this.now, id: null, replaces: last?.id ?? last?.replaces ?? this.spoilt.get(this.now.text) ?? null, state: "waiting", verdict: null, reasons: [], seconds: 0, before: last ? counting(last) : null };
    this.takes.set(this.now.text, take);
    this.#goOn();
    return take;
  }

  /** Read it later, after all others. */
  skip() {
    if (!this.now) return;
    const skipped = this.now;
    this.#goOn();
    this.waiting.push(skipped);
    if (!this.now) this.now = this.waiting.shift() ?? null;
  }

  /** Back to the sentence before, to read it again. */
  back() {
    const before = this.past.pop();
    if (!before) return false;
    this.waiting = this.waiting.filter((prompt) => prompt !== before);
    if (this.now) this.waiting.unshift(this.now);
    this.now = before;
    return true;
  }

  /** One sentence again, wherever it stands. */
  again(prompt) {
    if (prompt === this.now) return;
    this.waiting = this.waiting.filter((one) => one !== prompt);
    this.past = this.past.filter((one) => one !== prompt);
    if (this.now) this.waiting.unshift(this.now);
    this.now = prompt;
  }

  /** What became of a take; one that can't be used is read again later. A newer take of the sentence wins. */
  settle(take, change) {
    Object.assign(take, change);
    if (this.takes.get(take.prompt.text) !== take) return;
    const lost = take.state === "failed" || (take.state === "kept" && take.verdict === "rejected");
    if (lost && take.prompt !== this.now && !this.waiting.includes(take.prompt)) {
      this.waiting.push(take.prompt);
      if (!this.now) this.now = this.waiting.shift() ?? null;
    }
  }

  /** The takes that count. */
  get usable() {
    return [...this.takes.values()].map(counting).filter(Boolean);
  }

  get seconds() {
    return this.usable.reduce((sum, { seconds }) => sum + seconds, this.otherSeconds);
  }

  /** How many sentences have a verdict. */
  count(verdict) {
    if (verdict !== "rejected") return this.usable.filter((take) => take.verdict === verdict).length;
    return [...this.takes.values()].filter((take) => take.verdict === "rejected" && !take.before).length;
  }

  /** How many are not on the server yet. */
  get unsent() {
    return [...this.takes.values()].filter(({ state }) => state === "waiting" || state === "sending").length;
  }

  #goOn() {
    if (this.now) this.past.push(this.now);
    this.now = this.waiting.shift() ?? null;
  }
}

/** The take that counts for its sentence: this one, or the one before while this one is on its way or can't be used. */
function counting(take) {
  if (take.state === "kept" && take.verdict !== "rejected") return take;
  return take.before;
}

/** A text in sentences, for reading aloud: line by line, and after each full stop. */
export function sentencesOf(text, longest = 220) {
  const found = [];
  for (const line of text.split(/\n+/)) {
    for (const { segment } of new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(line)) {
      const sentence = segment.replace(/\s+/g, " ").trim();
      if (/[\p{L}\p{N}]/u.test(sentence)) found.push(...shorter(sentence, longest));
    }
  }
  return found;
}

function shorter(sentence, longest) {
  const pieces = [];
  let left = sentence;
  while (left.length > longest) {
    const head = left.slice(0, longest);
    const cut = Math.max(head.lastIndexOf(", "), head.lastIndexOf("; "), head.lastIndexOf(": "));
    const at = cut > longest / 3 ? cut + 1 : head.lastIndexOf(" ") > 0 ? head.lastIndexOf(" ") : longest;
    pieces.push(left.slice(0, at).trim());
    left = left.slice(at).trim();
  }
  return left ? [...pieces, left] : pieces;
}

const OWN = "voicewright.sentences.";

/**
 * The speaker's own sentences for a dataset, kept in this browser until they are read. They are of one account: those
 * that other people left in a browser that several use are removed.
 */
export function sentencesKept(account, dataset, storage = globalThis.localStorage) {
  for (const name of Object.keys(storage)) if (name.startsWith(OWN) && !name.startsWith(`${OWN}${account}.`)) storage.removeItem(name);
  const name = `${OWN}${account}.${dataset}`;
  const read = () => JSON.parse(storage.getItem(name) ?? "[]");
  const write = (texts) => (texts.length ? storage.setItem(name, JSON.stringify([...new Set(texts)])) : storage.removeItem(name));
  return {
    read,
    keep: (texts) => write([...read(), ...texts]),
    /** It was read. */
    forget: (text) => write(read().filter((one) => one !== text)),
  };
}
