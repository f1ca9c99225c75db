// The microphone: asked for without the browser's own corrections, heard piece by piece, and written down on demand.
import { dbfs, peakOf, rmsOf } from "./levels.js";
import { joined } from "./wav.js";

const BEFORE_S = 0.15;
const AFTER_S = 0.2;
const HELD_S = 0.12;
const PATIENCE_MS = 10_000;

export class Microphone {
  /**
   * @param {{level?: (rmsDb: number, peakDb: number, piece: Float32Array) => void, ended?: () => void}} heard
   * @param {typeof globalThis} browser whose microphone it is
   */
  constructor({ level = () => {}, ended = () => {} } = {}, browser = globalThis) {
    this.browser = browser;
    this.level = level;
    this.ended = ended;
    this.recent = [];
    this.pieces = null;
    this.stopping = null;
  }

  /**
   * Ask for it and listen. An earlier one is let go.
   * @param {string} [deviceId]
   */
  async open(deviceId) {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: { ideal: 1 } };
    if (deviceId) audio.deviceId = { exact: deviceId };
    const { navigator, AudioContext, AudioWorkletNode, setTimeout } = this.browser;
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    this.close();
    this.stream = stream;
    this.context = new AudioContext({ latencyHint: "interactive" });
    await this.context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url).href);
    const source = this.context.createMediaStreamSource(stream);
    const listener = new AudioWorkletNode(this.context, "listener", { numberOfOutputs: 0 });
    listener.port.onmessage = ({ data }) => this.#hear(data);
    source.connect(listener);
    [this.track] = stream.getAudioTracks();
    this.track.addEventListener("ended", () => {
      this.drop();
      this.ended();
    });
    // Firefox waits without an end where there is nothing to hear sound with
    const tooLate = new Promise((_, reject) => setTimeout(() => reject(new NotRunning()), PATIENCE_MS));
    try {
      await Promise.race([this.context.resume(), tooLate]);
    } catch (error) {
      if (this.stream !== stream) return; // another one was opened meanwhile
      this.close();
      throw error;
    }
  }

  get rate() {
    return this.context.sampleRate;
  }

  get deviceId() {
    return this.track?.getSettings().deviceId ?? "";
  }

  get isOpen() {
    return this.track?.readyState === "live";
  }

  /** Write down from now on, and the moment before. */
  start() {
    this.drop();
    this.#wake();
    this.pieces = [...this.recent];
  }

  /** End it a moment from now, and give what was heard; null: it was dropped before. */
  stop() {
    return this.#heardIn(AFTER_S);
  }

  /** Forget what is being written down; whoever waits for it gets null. */
  drop() {
    this.stopping?.resolve(null);
    this.pieces = null;
    this.stopping = null;
  }

  /** What is heard in the next seconds; null: it was dropped before. */
  listen(seconds) {
    this.drop();
    this.#wake();
    this.pieces = [];
    return this.#heardIn(seconds);
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    if (this.context?.state !== "closed") this.context?.close();
    this.recent = [];
    this.drop();
  }

  /** Go on after a call or a locked screen: Safari stops there, and begins again only while somebody presses a button. */
  #wake() {
    if (this.context.state !== "running") this.context.resume().catch(() => {});
  }

  #heardIn(seconds) {
    return new Promise((resolve) => {
      this.stopping = { left: seconds * this.rate, resolve };
    });
  }

  #hear(piece) {
    this.recent.push(piece);
    const held = Math.max(1, Math.round((BEFORE_S * this.rate) / piece.length));
    while (this.recent.length > Math.max(held, Math.round((HELD_S * this.rate) / piece.length))) this.recent.shift();
    const moment = joined(this.recent);
    this.level(dbfs(rmsOf(moment)), dbfs(peakOf(moment)), piece);
    if (!this.pieces) return;
    this.pieces.push(piece);
    if (!this.stopping) return;
    this.stopping.left -= piece.length;
    if (this.stopping.left > 0) return;
    this.stopping.resolve(joined(this.pieces));
    this.drop();
  }
}

/** The microphone is there, and the browser does not begin to listen. */
class NotRunning extends Error {
  name = "NotRunning";
}

/** The microphones there are, once one was allowed. */
export async function microphones() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === "audioinput").map(({ deviceId, label }, index) => ({ id: deviceId, title: label || `Microphone ${index + 1}` }));
}

/** Why this page can't record at all; null: it can. */
export function impossible({ isSecureContext, navigator: browser, AudioWorkletNode: worklet } = globalThis) {
  if (!isSecureContext) {
    return {
      title: "The browser lets no page record that came over an open connection.",
      text: "Open this page with https, or on the computer that runs the service as http://localhost. Whoever runs the service sets up https; its documentation says how.",
    };
  }
  if (!browser?.mediaDevices?.getUserMedia || !worklet) {
    return { title: "This browser can't record.", text: "Use a current Firefox, Chrome, Edge or Safari." };
  }
  return null;
}

/** What to do when the microphone could not be had. */
export function faultOf(error) {
  switch (error?.name) {
    case "NotAllowedError":
      return "The microphone was not allowed. Click on the sign beside the address of this page, allow the microphone there, then try again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No such microphone was found. Plug one in, or choose another one, then try again.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone is there, but can't be used now. Another program may hold it: close that, then try again.";
    case "NotRunning":
      return "The browser does not begin to listen. Some need loudspeakers or headphones for that: plug some in if there are none, then try again.";
    default:
      return `The microphone could not be opened (${error?.message ?? error}). Try again, or use another browser.`;
  }
}
