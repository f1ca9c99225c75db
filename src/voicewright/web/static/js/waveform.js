// One recording as a waveform that plays: a button, the wave to click into, the time. wavesurfer.js draws it.
import WaveSurfer from "../vendor/wavesurfer.esm.js";
import { clock, icon } from "./audio-player.js";

const HEIGHT = 56;
const STEP_S = 1;
let playing = null;

/**
 * Draw the recording of an element `data-wave` and make its button work.
 * @param {HTMLElement} row has `[data-play]`, `.wave` and `.time`
 * @returns {{toggle: () => void, play: () => void, destroy: () => void}}
 */
export function waveform(row) {
  const button = row.querySelector("[data-play]");
  const time = row.querySelector(".time");
  const place = row.querySelector(".wave");
  const name = button.getAttribute("aria-label").replace(/^(Play|Pause) /, "");
  const wave = WaveSurfer.create({
    container: place,
    url: row.dataset.wave,
    height: HEIGHT,
    barWidth: 2,
    barGap: 1,
    barRadius: 2,
    cursorWidth: 1,
    normalize: true,
    dragToSeek: true,
    cspNonce: document.querySelector('meta[name="style-nonce"]').content,
    ...colors(place),
  });
  const player = {
    toggle: () => (wave.isPlaying() ? wave.pause() : player.play()),
    play() {
      wave.play().catch((error) => {
        if (error.name !== "AbortError") failed();
      });
    },
    pause: () => wave.pause(),
    destroy() {
      document.removeEventListener("theme", recolor);
      if (playing === player) playing = null;
      wave.destroy();
    },
    wave,
  };
  const recolor = () => wave.setOptions(colors(place));
  const failed = () => {
    row.classList.add("failed");
    time.textContent = "can't be played";
  };
  const show = () => {
    const going = wave.isPlaying();
    button.setAttribute("aria-label", `${going ? "Pause" : "Play"} ${name}`);
    button.replaceChildren(icon(going ? "pause" : "play"));
  };
  wave.on("play", () => {
    if (playing && playing !== player) playing.pause();
    playing = player;
    show();
  });
  wave.on("pause", show);
  wave.on("finish", show);
  wave.on("timeupdate", (now) => {
    time.textContent = `${clock(now)} / ${clock(wave.getDuration())}`;
  });
  wave.on("ready", (length) => {
    row.dataset.ready = "";
    time.textContent = clock(length);
  });
  wave.on("error", failed);
  button.addEventListener("click", () => player.toggle());
  button.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -STEP_S, ArrowRight: STEP_S }[event.key];
    if (!step) return;
    event.preventDefault();
    wave.setTime(Math.min(Math.max(wave.getCurrentTime() + step, 0), wave.getDuration()));
  });
  document.addEventListener("theme", recolor);
  return player;
}

/** The page's own colours, as a canvas needs them. */
function colors(place) {
  return { waveColor: resolved(place, "--line-strong"), progressColor: resolved(place, "--accent"), cursorColor: resolved(place, "--text") };
}

function resolved(place, name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  place.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
