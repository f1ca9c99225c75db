// Voices that are chosen in the list, to be compared: they stay chosen while the list is searched.

export const MOST = 4;

/** What is chosen, in the order of choosing. */
export class Picks {
  constructor() {
    this.names = new Map();
    this.own = new Map();
  }

  /** Choose a voice or not; false where there are as many as can be compared. */
  set(id, name, chosen, own = true) {
    if (!chosen) this.names.delete(id);
    else if (this.names.size >= MOST && !this.names.has(id)) return false;
    else {
      this.names.set(id, name);
      this.own.set(id, own);
    }
    return true;
  }

  has(id) {
    return this.names.has(id);
  }

  clear() {
    this.names.clear();
  }

  get ids() {
    return [...this.names.keys()];
  }

  /** Figures are the owner's: others' voices can be heard against one's own, and not compared in figures. */
  get canCompare() {
    return this.names.size >= 2 && this.ids.every((id) => this.own.get(id));
  }

  get words() {
    const count = this.names.size;
    if (count === 1) return "1 voice chosen; choose another one to compare.";
    return `${count} voices chosen`;
  }
}
