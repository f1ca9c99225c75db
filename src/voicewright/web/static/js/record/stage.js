// The third step: one sentence at a time is recorded, heard and kept, with the mouse, fingers, or Space, R and Enter.
import { icon } from "../audio-player.js";
import { hintsFor, measure } from "./hints.js";
import { peakOf } from "./levels.js";
import { sentencesOf } from "./session.js";
import { showHints } from "./takes.js";
import { wavOf } from "./wav.js";
import { Waveform } from "./waveform.js";

const LONGEST_S = 60;

export class Stage {
  /**
   * @param {HTMLElement} section
   * @param {import("./microphone.js").Microphone} microphone
   * @param {import("./session.js").Session} session
   * @param {{noise: () => number | null, kept: (take: object, sound: {wav: Uint8Array, name: string}) => void, moved: () => void, own: (texts: string[]) => void}} told
   */
  constructor(section, microphone, session, { noise, kept, moved, own }) {
    this.section = section;
    this.microphone = microphone;
    this.session = session;
    this.noise = noise;
    this.kept = kept;
    this.moved = moved;
    this.own = own;
    /** "ready", "recording", "ending" or "heard" */
    this.state = "ready";
    this.wav = null;
    this.wave = new Waveform(this.#find("[data-wave]"));
    this.sentence = this.#find("[data-sentence]");
    this.buttons = { record: this.#find("[data-record]"), again: this.#find("[data-again]"), keep: this.#find("[data-keep]"), back: this.#find("[data-back]"), skip: this.#find("[data-skip]") };
    for (const [name, button] of Object.entries(this.buttons)) button.addEventListener("click", () => this.act(name));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#find("[data-own-add]").addEventListener("click", () => this.#addOwn());
  }

  get isBusy() {
    return this.state !== "ready";
  }

  enter() {
    this.draw();
    this.sentence.focus({ preventScroll: true });
  }

  act(name) {
    if (name === "record") return this.state === "recording" ? this.stop() : this.start();
    if (name === "again") return this.start();
    if (name === "keep") return this.keep();
    this.drop();
    if (name === "back") this.session.back();
    else this.session.skip();
    this.draw();
    this.moved();
    this.sentence.focus({ preventScroll: true });
    return undefined;
  }

  start() {
    if (!this.session.prompt || this.state === "recording" || this.state === "ending") return;
    this.#silence();
    this.wave.clear();
    this.from = performance.now();
    this.state = "recording";
    this.microphone.start();
    this.draw();
    this.sentence.focus({ preventScroll: true });
  }

  async stop() {
    if (this.state !== "recording") return;
    this.state = "ending";
    this.draw();
    const sound = await this.microphone.stop();
    if (!sound) return; // it was dropped meanwhile
    const { rate } = this.microphone;
    this.wav = wavOf(sound, rate);
    this.state = "heard";
    this.address = URL.createObjectURL(new Blob([this.wav], { type: "audio/wav" }));
    this.#find("[data-player]").src = this.address;
    this.draw();
    showHints(this.#find("[data-hints]"), hintsFor(measure(sound, rate, this.noise()), this.session.prompt.text), "Sounds good.");
    this.sentence.focus({ preventScroll: true });
  }

  keep() {
    if (this.state !== "heard") return;
    const { wav } = this;
    this.#silence();
    this.state = "ready";
    const take = this.session.keep();
    this.kept(take, { wav, name: `take-${Date.now().toString(36)}-${take.key}.wav` });
    this.draw();
    this.sentence.focus({ preventScroll: true });
  }

  /** Read one sentence again. */
  again(prompt) {
    this.drop();
    this.session.again(prompt);
    this.draw();
    this.moved();
    this.sentence.focus();
  }

  /** Forget the take that is not kept. */
  drop() {
    if (this.state === "ready") return;
    this.microphone.drop();
    this.#silence();
    this.state = "ready";
    this.draw();
  }

  /** A piece of what the microphone hears. */
  hear(piece) {
    if (this.state !== "recording") return;
    this.wave.push(peakOf(piece));
    if (performance.now() - this.from > LONGEST_S * 1000) this.stop();
  }

  draw() {
    const { prompt } = this.session;
    const { record, again, keep, back, skip } = this.buttons;
    this.#find("[data-some]").hidden = !prompt;
    this.#find("[data-none]").hidden = Boolean(prompt);
    this.#find("[data-none-text]").textContent = this.session.takes.size
      ? "Everything was read. Finish, or add a text of your own below."
      : "Add a text of your own below, and it is cut into sentences.";
    if (prompt && this.sentence.textContent !== prompt.text) this.sentence.textContent = prompt.text;
    const before = prompt && this.session.takes.get(prompt.text);
    this.#find("[data-place]").textContent = `${this.session.left.toLocaleString("en")} ${this.session.left === 1 ? "sentence" : "sentences"} left${before ? " · read before; a new take replaces the old one" : ""}`;
    const recording = this.state === "recording";
    const heard = this.state === "heard";
    record.hidden = heard;
    record.disabled = this.state === "ending";
    record.classList.toggle("recording", recording);
    record.querySelector("span").textContent = recording ? "Stop" : "Record";
    record.querySelector(".icon").replaceWith(icon(recording ? "square" : "mic"));
    again.hidden = keep.hidden = !heard;
    this.#find("[data-take]").hidden = !heard;
    this.#find("[data-stage]").dataset.state = this.state;
    back.disabled = !this.session.past.length || recording;
    skip.disabled = recording || this.session.left < 2;
  }

  #silence() {
    this.#find("[data-player]").audio?.pause();
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
    this.wav = null;
    this.wave.clear();
    this.#find("[data-hints]").replaceChildren();
  }

  #key(event) {
    if (this.section.hidden || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, a, button, summary, audio-player, dialog")) return;
    const name = { " ": this.state === "heard" ? null : "record", r: this.state === "heard" ? "again" : null, Enter: this.state === "heard" ? "keep" : null }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (event.key === " " && this.state === "heard") {
      event.preventDefault();
      this.#find("[data-player]").toggle();
    }
    if (!name) return;
    event.preventDefault();
    this.act(name);
  }

  #addOwn() {
    const text = this.#find("[data-own-text]");
    const sentences = sentencesOf(text.value);
    const added = this.session.add(sentences);
    if (!added) {
      text.focus();
      return;
    }
    this.own(sentences);
    text.value = "";
    this.#find("[data-own]").open = false;
    this.drop();
    this.draw();
    this.moved();
    this.sentence.focus();
  }

  #find(selector) {
    return this.section.querySelector(selector);
  }
}
