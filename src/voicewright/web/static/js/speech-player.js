// <speech-player label>: asks for speech, plays it while it is made, and draws its shape.
//
// It tells what happens by events: `sound` with the first sound (`detail.after`, seconds), and `position` again
// and again (`detail.at`, seconds of the sound that were heard; `detail.length`, those that there are).
import { send } from "./api.js";
import { clock } from "./audio-player.js";
import { openStream } from "./speech-stream.js";
import { Wave } from "./speech-wave.js";

const Base = globalThis.HTMLElement ?? class {};

export class SpeechPlayer extends Base {
  connectedCallback() {
    if (this.player) return;
    const shape = document.createElement("div");
    shape.className = "wave";
    this.player = document.createElement("audio-player");
    this.player.setAttribute("label", this.getAttribute("label") ?? "Speech");
    this.append(shape, this.player);
    this.wave = new Wave(shape);
    this.audio = this.player.audio;
    for (const event of ["timeupdate", "play", "pause", "ended", "durationchange"]) this.audio.addEventListener(event, () => this.tell());
    this.audio.addEventListener("play", () => this.follow());
  }

  disconnectedCallback() {
    this.stop();
    this.stream?.close();
  }

  /** Whether speech is being made. */
  get isBusy() {
    return this.hasAttribute("busy");
  }

  /**
   * Speak.
   * @param {object} body for `/v1/audio/speech`
   * @returns {Promise<{id: string, headers: Headers, outcome: "whole" | "stopped" | "broken"}>} when all of it is there
   * @throws {ApiError} it was refused
   */
  async speak(body) {
    this.stop();
    this.stream?.close();
    this.wave.clear();
    this.begun = performance.now();
    this.hasSounded = false;
    const abort = new AbortController();
    const stream = openStream(this.audio, body.response_format);
    Object.assign(this, { abort, stream });
    this.setAttribute("busy", "");
    try {
      const json = { ...body, response_format: stream.format };
      const response = await send("POST", "/v1/audio/speech", { json, signal: abort.signal });
      this.dispatchEvent(new CustomEvent("answered", { detail: response.headers }));
      const outcome = await this.take(stream, response);
      return { id: response.headers.get("x-speech-id"), headers: response.headers, outcome };
    } catch (error) {
      if (this.stream === stream) this.forget();
      if (error.name !== "AbortError") throw error;
      return { id: null, headers: new Headers(), outcome: "stopped" };
    } finally {
      if (this.stream === stream || this.stream === null) this.removeAttribute("busy");
      this.tell();
    }
  }

  async take(stream, response) {
    let outcome = "whole";
    try {
      await stream.take(response);
    } catch (error) {
      if (!stream.isStopped && error.name !== "AbortError" && error.name !== "TypeError") throw error;
      outcome = "broken";
    }
    if (stream.isStopped) outcome = "stopped";
    if (this.stream === stream && stream.size) await this.wave.read(stream.blob());
    return outcome;
  }

  /** Silence, at once; what is being made is given up. */
  stop() {
    if (!this.isBusy && this.audio.paused) return;
    const { stream, abort } = this;
    stream?.stop();
    abort?.abort();
    this.removeAttribute("busy");
  }

  /** Nothing came: the element has nothing to play. */
  forget() {
    this.stream.close();
    this.stream = null;
    this.audio.srcObject = null;
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  follow() {
    cancelAnimationFrame(this.frame);
    const next = () => {
      this.tell();
      if (!this.audio.paused && this.isConnected) this.frame = requestAnimationFrame(next);
    };
    next();
  }

  tell() {
    const { stream, audio } = this;
    if (!stream) return;
    const at = stream.position;
    const length = stream.length;
    if (at > 0 && !this.hasSounded) {
      this.hasSounded = true;
      this.dispatchEvent(new CustomEvent("sound", { detail: { after: (performance.now() - this.begun) / 1000 - at } }));
    }
    this.wave.move(length ? at / length : 0);
    if (this.isBusy || !Number.isFinite(audio.duration)) this.player.time.textContent = at || length ? `${clock(at)} / ${clock(length)}${this.isBusy ? " …" : ""}` : "";
    this.dispatchEvent(new CustomEvent("position", { detail: { at, length } }));
  }
}

if (globalThis.customElements) customElements.define("speech-player", SpeechPlayer);
