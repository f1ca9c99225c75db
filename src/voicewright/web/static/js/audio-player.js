// <audio-player src label>: one sound with a button, a position and times, the same in every browser and theme.
// Only one plays at a time. `player.audio` is the real audio element.

const SPRITE_NAME = "vendor/icons.svg";
let playing = null;

/** `0:07`; for what has no end yet, `–:––`. */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return "–:––";
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const Base = globalThis.HTMLElement ?? class {};

export class AudioPlayer extends Base {
  connectedCallback() {
    if (this.audio) return;
    const label = this.getAttribute("label") ?? "Sound";
    this.audio = document.createElement("audio");
    this.audio.preload = "none";
    if (this.getAttribute("src")) this.audio.src = this.getAttribute("src");
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "icon-button";
    this.position = document.createElement("input");
    Object.assign(this.position, { type: "range", min: 0, max: 1000, value: 0, disabled: true });
    this.position.setAttribute("aria-label", `Position in ${label}`);
    this.time = document.createElement("span");
    this.time.className = "time";
    this.append(this.audio, this.button, this.position, this.time);
    this.button.addEventListener("click", () => this.toggle());
    this.position.addEventListener("input", () => {
      this.audio.currentTime = (this.position.value / 1000) * this.audio.duration;
    });
    for (const event of ["play", "pause", "ended", "timeupdate", "durationchange", "error"]) {
      this.audio.addEventListener(event, () => this.show());
    }
    this.audio.addEventListener("play", () => {
      if (playing && playing !== this.audio) playing.pause();
      playing = this.audio;
    });
    this.show();
  }

  disconnectedCallback() {
    this.audio?.pause();
  }

  /** Play another sound. */
  set src(address) {
    this.audio.src = address;
    this.show();
  }

  async toggle() {
    if (!this.audio.paused) {
      this.audio.pause();
      return;
    }
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.setAttribute("failed", "");
      this.show();
    }
  }

  show() {
    const { audio } = this;
    const label = this.getAttribute("label") ?? "Sound";
    const known = Number.isFinite(audio.duration) && audio.duration > 0;
    const going = !audio.paused && !audio.ended;
    if (this.going !== going) {
      this.going = going;
      this.button.setAttribute("aria-label", `${going ? "Pause" : "Play"} ${label}`);
      this.button.replaceChildren(icon(going ? "pause" : "play"));
    }
    this.position.disabled = !known;
    if (known) this.position.value = (audio.currentTime / audio.duration) * 1000;
    this.position.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(audio.duration)}`);
    this.time.textContent = audio.error ? "can't be played" : known ? `${clock(audio.currentTime)} / ${clock(audio.duration)}` : "";
  }
}

/** An icon of the sprite, for what scripts draw. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", new URL(`../${SPRITE_NAME}#${name}`, import.meta.url).href);
  svg.append(use);
  return svg;
}

if (globalThis.customElements) customElements.define("audio-player", AudioPlayer);
