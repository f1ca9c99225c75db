// How a blind test goes, without a page: which trial it is, what was heard of it, and whether one may choose.

/** A sound counts as heard when so much of it was played. */
export const HEARD = 0.9;

/** What a key does: play one of the two, or choose. */
export function actionOf(key) {
  return { a: ["play", "a"], b: ["play", "b"], 1: ["choose", "a"], 2: ["choose", "b"], 0: ["choose", "none"] }[key.toLowerCase()] ?? null;
}

export class Round {
  /** @param {{number: number, text: string, choice: string|null}[]} trials in the order of listening */
  constructor(trials) {
    this.trials = trials;
    const open = trials.findIndex((trial) => trial.choice === null);
    this.place = open === -1 ? trials.length : open;
    this.heardOf = new Map();
  }

  /** The trial that is heard now; null behind the last one. */
  get current() {
    return this.trials[this.place] ?? null;
  }

  get voted() {
    return this.trials.filter((trial) => trial.choice !== null).length;
  }

  /** How much of a sound was played, 0 to 1; true when it is heard by that for the first time. */
  played(letter, share) {
    if (!this.current || share < HEARD || this.heard(letter)) return false;
    this.heardOf.set(this.current.number, new Set([...(this.heardOf.get(this.current.number) ?? []), letter]));
    return true;
  }

  /** Whether a sound was heard to its end; those of a trial that has a vote were. */
  heard(letter) {
    if (!this.current) return false;
    return this.current.choice !== null || (this.heardOf.get(this.current.number)?.has(letter) ?? false);
  }

  get canChoose() {
    return this.heard("a") && this.heard("b");
  }

  /** Note what was chosen, and go on. */
  chose(choice) {
    this.current.choice = choice;
    this.place += 1;
  }

  get canGoBack() {
    return this.place > 0;
  }

  back() {
    if (this.canGoBack) this.place -= 1;
  }
}
