// The second step: the speaker says aloud that they agree, or somebody answers for it.
import { icon } from "../audio-player.js";
import { unlessBusy } from "../busy.js";
import { hintsFor, measure } from "./hints.js";
import { keepAgreement } from "./store.js";
import { showHints } from "./takes.js";
import { wavOf } from "./wav.js";

export class Agreement {
  /**
   * @param {HTMLElement} section
   * @param {import("./microphone.js").Microphone} microphone
   * @param {{speaker: string, language: string}} plan
   * @param {boolean} agreed
   * @param {{noise: () => number | null, done: () => void}} told
   */
  constructor(section, microphone, plan, agreed, { noise, done }) {
    this.section = section;
    this.microphone = microphone;
    this.plan = plan;
    this.agreed = agreed;
    this.noise = noise;
    this.done = done;
    this.wav = null;
    this.recording = false;
    /** Whether it was stopped, and its last moment is still heard. */
    this.ending = false;
    this.say = this.#find("[data-say]");
    this.now = this.#find("[data-agree-now]");
    this.statement = this.#find("[data-statement]");
    this.say.addEventListener("click", () => this.toggle());
    this.now.addEventListener("click", () => unlessBusy(this.now, () => this.keep()));
    this.#find("[data-later]").addEventListener("click", done);
    this.#find("[data-next]").addEventListener("click", done);
    this.#find("[data-more]").addEventListener("click", () => {
      this.#find("[data-agree]").hidden = false;
      this.#find("[data-agreed-note]").hidden = true;
    });
    this.#find("[data-purpose]")?.addEventListener("change", (event) => this.#choose(event.target.selectedOptions[0].dataset));
    this.#find('[data-tick="here"]').addEventListener("change", () => this.#draw());
  }

  async toggle() {
    if (this.ending) return;
    if (!this.recording) {
      this.microphone.start();
      this.recording = true;
      this.#find("[data-said]").hidden = true;
      this.#draw();
      return;
    }
    this.ending = true;
    const sound = await this.microphone.stop();
    this.ending = false;
    this.recording = false;
    if (sound) this.#show(sound);
    this.#draw();
  }

  #show(sound) {
    this.wav = wavOf(sound, this.microphone.rate);
    this.#find("[data-said-player]").src = URL.createObjectURL(new Blob([this.wav], { type: "audio/wav" }));
    showHints(this.#find("[data-said-hints]"), hintsFor(measure(sound, this.microphone.rate, this.noise()), this.statement.textContent), "Clearly heard.");
    this.#find("[data-said]").hidden = false;
  }

  async keep() {
    this.#fault("");
    try {
      await keepAgreement({
        speaker: this.plan.speaker,
        language: this.statement.lang,
        statement: this.statement.textContent,
        wav: this.wav,
        provider: this.#find('[data-tick="provider"]').checked,
      });
    } catch (error) {
      this.#fault(error.fields?.[0]?.message ?? error.message);
      return;
    }
    this.agreed = true;
    this.#find("[data-agree]").hidden = true;
    this.#find("[data-agreed-note]").hidden = false;
    this.done();
  }

  /** Forget what is being recorded. */
  drop() {
    if (!this.recording) return;
    this.recording = false;
    this.microphone.drop();
    this.#draw();
  }

  /** Another sentence: one that a company wants to hear. What was recorded is not that. */
  #choose({ language, text, provider }) {
    this.drop();
    this.wav = null;
    this.#find("[data-said]").hidden = true;
    this.statement.lang = language;
    this.statement.textContent = text;
    this.#find('[data-tick="provider"]').checked = provider === "yes";
    this.#draw();
  }

  #draw() {
    this.say.querySelector("span").textContent = this.recording ? "Stop" : this.wav ? "Record it again" : "Record the sentence";
    this.say.querySelector(".icon").replaceWith(icon(this.recording ? "square" : "mic"));
    this.say.classList.toggle("recording", this.recording);
    this.now.disabled = this.recording || !this.#find('[data-tick="here"]').checked;
    this.now.textContent = this.wav ? "Keep the agreement" : "Agree without a recording";
  }

  #fault(text) {
    this.#find("[data-agree-fault-text]").textContent = text;
    this.#find("[data-agree-fault]").hidden = !text;
  }

  #find(selector) {
    return this.section.querySelector(selector);
  }
}
