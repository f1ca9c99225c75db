// The level meters of a page: a bar, a mark for the peak, and the same in words and figures.
import { levelWord } from "./levels.js";

const FLOOR_DB = -60;
const FALL_DB = 1.2;

export class Meters {
  constructor(root) {
    this.meters = [...root.querySelectorAll("[data-level]")];
    this.peakDb = -100;
    this.shown = 0;
  }

  /** @param {number} rmsDb @param {number} peakDb */
  show(rmsDb, peakDb) {
    this.peakDb = Math.max(peakDb, this.peakDb - FALL_DB);
    this.latest = [rmsDb, this.peakDb];
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = null;
      for (const meter of this.meters) if (meter.offsetParent) draw(meter, ...this.latest);
    });
  }
}

function draw(meter, rmsDb, peakDb) {
  const { word, tone } = levelWord(rmsDb, peakDb);
  const bar = meter.querySelector(".level-bar");
  meter.dataset.tone = tone;
  bar.setAttribute("aria-valuenow", rmsDb.toFixed(0));
  bar.setAttribute("aria-valuetext", word);
  meter.querySelector(".level-loudness").style.width = `${place(rmsDb)}%`;
  meter.querySelector(".level-peak").style.left = `${place(peakDb)}%`;
  const said = meter.querySelector("[data-level-word]");
  if (said.textContent !== word) said.textContent = word;
  meter.querySelector("[data-level-figures]").textContent = figures(rmsDb, peakDb);
}

/** Where a level stands on the bar, in percent. */
export function place(db) {
  return Math.max(0, Math.min(100, ((db - FLOOR_DB) / -FLOOR_DB) * 100));
}

/** `loudness −23, peak −12 dBFS`. */
export function figures(rmsDb, peakDb) {
  const written = (db) => (db <= -99 ? "–∞" : db.toFixed(0).replace("-", "−"));
  return `loudness ${written(rmsDb)}, peak ${written(peakDb)} dBFS`;
}
