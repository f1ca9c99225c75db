// The first step: the microphone is allowed, chosen, heard, and the room is listened to.
import { unlessBusy } from "../busy.js";
import { noiseOf } from "./levels.js";
import { faultOf, impossible, microphones } from "./microphone.js";

const NOISE_S = 3;
const CHOSEN = "voicewright.microphone";

export class Setup {
  /**
   * @param {HTMLElement} section
   * @param {import("./microphone.js").Microphone} microphone
   * @param {{ready: () => void, next: () => void}} told
   */
  constructor(section, microphone, { ready, next }) {
    this.section = section;
    this.microphone = microphone;
    this.ready = ready;
    /** Of the room; null: nobody has checked. */
    this.noiseDb = null;
    this.devices = this.#find("[data-devices]");
    this.#find("[data-open]").addEventListener("click", () => this.open(localStorage.getItem(CHOSEN) ?? ""));
    this.#find("[data-noise]").addEventListener("click", ({ currentTarget: button }) => unlessBusy(button, () => this.checkNoise()));
    this.#find("[data-next]").addEventListener("click", next);
    this.devices.addEventListener("change", () => this.open(this.devices.value));
  }

  /** Say at once where nothing can be recorded here. */
  begin() {
    const reason = impossible();
    this.#find("[data-open]").disabled = reason !== null;
    if (!reason) return;
    const place = this.section.closest("[data-studio]").querySelector("[data-impossible]");
    place.querySelector("[data-impossible-title]").textContent = reason.title;
    place.querySelector("[data-impossible-text]").textContent = reason.text;
    place.hidden = false;
  }

  async open(deviceId) {
    this.#fault("");
    try {
      await this.microphone.open(deviceId);
    } catch (error) {
      if (deviceId && error.name === "OverconstrainedError") {
        localStorage.removeItem(CHOSEN);
        return this.open("");
      }
      this.#fault(faultOf(error));
      return undefined;
    }
    localStorage.setItem(CHOSEN, this.microphone.deviceId);
    this.noiseDb = null;
    this.#find("[data-noise-result]").hidden = true;
    this.#find("[data-noise-ask]").hidden = false;
    await this.#list();
    this.#find("[data-ask]").hidden = true;
    this.#find("[data-opened]").hidden = false;
    this.ready();
    return undefined;
  }

  /** It was pulled out, or taken away. */
  lost() {
    this.#find("[data-ask]").hidden = false;
    this.#find("[data-opened]").hidden = true;
    this.#fault("The microphone is gone. Plug it in again, or choose another one. Takes that you kept are safe.");
  }

  async checkNoise() {
    const progress = this.#find("[data-noise-progress]");
    const bar = progress.querySelector("progress");
    const result = this.#find("[data-noise-result]");
    result.hidden = true;
    progress.hidden = false;
    const from = performance.now();
    const timer = setInterval(() => {
      bar.value = Math.min(100, (performance.now() - from) / (NOISE_S * 10));
    }, 100);
    try {
      const heard = await this.microphone.listen(NOISE_S);
      if (heard) this.#tellNoise(noiseOf(heard, this.microphone.rate));
    } finally {
      clearInterval(timer);
      progress.hidden = true;
      result.hidden = this.noiseDb === null; // what was broken off leaves what was found before
    }
  }

  #tellNoise({ db, tone, title, text }) {
    this.noiseDb = db;
    this.#find("[data-noise-result]").className = `note ${tone}`;
    this.#find("[data-noise-title]").textContent = title;
    this.#find("[data-noise-text]").textContent = text;
    this.#find("[data-noise-ask]").hidden = true;
    this.#find("[data-noise] span").textContent = "Check again";
  }

  async #list() {
    const chosen = this.microphone.deviceId;
    const options = (await microphones()).map(({ id, title }) => new Option(title, id, false, id === chosen));
    this.devices.replaceChildren(...options);
  }

  #fault(text) {
    this.#find("[data-microphone-fault-text]").textContent = text;
    this.#find("[data-microphone-fault]").hidden = !text;
  }

  #find(selector) {
    return this.section.querySelector(selector);
  }
}
