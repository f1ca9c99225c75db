// Plays speech in an audio element while it is made.
//
//   const stream = openStream(audio, "mp3");   // at once in the handler of the click, which lets it play
//   await stream.take(await send("POST", ..., { json: { response_format: stream.format } }));
//
// Where the browser can take a compressed stream piece by piece (MediaSource), it gets one. Elsewhere, and where
// nothing of the sound may be lost, it is sent as WAV: the blocks are put on the clock of an AudioContext, whose
// sound goes through the same element, and in the end the element gets the whole file.
import { Feeder } from "./speech-feeder.js";
import { Schedule, WavReader, joined, sealedWav } from "./speech-samples.js";

const COMPRESSED = { mp3: "audio/mpeg", aac: "audio/aac" };
const Source = () => globalThis.MediaSource ?? globalThis.ManagedMediaSource;

/** In which format the speech is to be sent: as it is wanted, where the browser plays a stream of that; else WAV. */
export function streamFormat(wanted, isSupported = (type) => Source()?.isTypeSupported(type) ?? false) {
  return wanted in COMPRESSED && isSupported(COMPRESSED[wanted]) ? wanted : "wav";
}

/** Begin; the element belongs to the stream until it is stopped or another one begins. */
export function openStream(audio, wanted) {
  const format = streamFormat(wanted);
  return format === "wav" ? new ClockedStream(audio) : new SourceStream(audio, format);
}

class SpeechStream {
  constructor(audio, format) {
    this.audio = audio;
    this.format = format;
    this.pieces = [];
    this.size = 0;
    this.isWhole = false;
    this.isStopped = false;
    this.file = null;
  }

  /** Read all of an answer; resolves when it is there, rejects when it is broken off. */
  async take(response) {
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.isStopped) break;
        this.pieces.push(value);
        this.size += value.length;
        this.feed(value);
      }
      this.isWhole = !this.isStopped;
    } finally {
      await this.finish();
    }
  }

  /** Play no more of it, and keep what there is. */
  stop() {
    this.isStopped = true;
    this.audio.pause();
  }

  /** All that came, as a file. */
  blob() {
    const bytes = this.format === "wav" ? sealedWav(this.pieces) : joined(this.pieces);
    return new Blob([bytes], { type: this.format === "wav" ? "audio/wav" : COMPRESSED[this.format] });
  }

  /** Play the file from now on. */
  settle(at = 0) {
    if (this.file || !this.size) return;
    this.file = URL.createObjectURL(this.blob());
    this.audio.srcObject = null;
    this.audio.preload = "metadata"; // it is here: Firefox tells no length of it otherwise before it plays
    this.audio.src = this.file;
    if (at) this.audio.currentTime = at;
  }

  /** Go on from a moment of it. */
  goTo(at) {
    this.audio.currentTime = at;
  }

  /** Seconds of the sound that are there. */
  get length() {
    const { buffered, duration } = this.audio;
    if (Number.isFinite(duration)) return duration;
    return buffered.length ? buffered.end(buffered.length - 1) : 0;
  }

  /** Seconds of it that were heard. */
  get position() {
    return this.audio.currentTime;
  }

  /** Let go of everything; the element falls silent. */
  close() {
    this.isStopped = true;
    if (this.file) URL.revokeObjectURL(this.file);
  }
}

class SourceStream extends SpeechStream {
  constructor(audio, format) {
    super(audio, format);
    this.source = new (Source())();
    audio.disableRemotePlayback = true;
    this.address = URL.createObjectURL(this.source);
    this.feeder = new Promise((resolve) => {
      this.source.addEventListener("sourceopen", () => {
        const buffer = this.source.addSourceBuffer(COMPRESSED[format]);
        if (buffer.mode !== "sequence") buffer.mode = "sequence"; // MP3 and AAC say no times
        resolve(new Feeder(buffer));
      }, { once: true });
    });
    audio.srcObject = null;
    audio.src = this.address;
    play(audio);
  }

  feed(bytes) {
    this.feeder.then((feeder) => feeder.push(bytes));
  }

  async finish() {
    if (!this.size) return; // it was refused: there may never be a source
    const feeder = await this.feeder;
    await feeder.finish();
    if (this.source.readyState === "open" && !this.source.sourceBuffers[0].updating) this.source.endOfStream();
    if (feeder.full) this.settleLater();
  }

  /** The buffer did not take all: the file goes on where it ends. */
  settleLater() {
    const goOn = () => {
      this.settle(this.audio.currentTime);
      if (!this.isStopped) play(this.audio);
    };
    this.audio.addEventListener("ended", goOn, { once: true });
  }

  close() {
    super.close();
    URL.revokeObjectURL(this.address);
  }
}

class ClockedStream extends SpeechStream {
  constructor(audio) {
    super(audio, "wav");
    this.reader = new WavReader();
    this.schedule = new Schedule();
    this.context = new AudioContext();
    this.outlet = this.context.createMediaStreamDestination();
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    audio.addEventListener("pause", () => this.context.suspend(), { signal });
    audio.addEventListener("play", () => this.context.resume(), { signal });
    audio.removeAttribute("src");
    audio.srcObject = this.outlet.stream;
    this.context.resume();
    play(audio);
  }

  feed(bytes) {
    const samples = this.reader.take(bytes);
    if (!samples.length) return;
    const block = this.context.createBuffer(1, samples.length, this.reader.rate);
    block.copyToChannel(samples, 0);
    const node = this.context.createBufferSource();
    node.buffer = block;
    node.connect(this.outlet);
    node.start(this.schedule.place(block.duration, this.context.currentTime));
    this.heard = new Promise((resolve) => node.addEventListener("ended", resolve, { once: true }));
  }

  async finish() {
    if (!this.heard || this.isStopped) return this.leave();
    this.heard.then(() => this.leave()); // the last block may have ended long before its answer does
  }

  stop() {
    super.stop();
    this.leave();
  }

  get length() {
    return this.file ? super.length : this.schedule.length;
  }

  get position() {
    return this.file ? super.position : this.schedule.position(this.context.currentTime);
  }

  /** The clock goes one way: another moment is heard from the file, once all of it is there. */
  goTo(at) {
    if (this.file) super.goTo(at);
    else if (this.isWhole) {
      const isHeard = !this.audio.paused;
      this.leave(at);
      if (isHeard) play(this.audio);
    }
  }

  /** From the clock to the file. */
  leave(at) {
    if (this.stopClock()) this.settle(at);
  }

  close() {
    super.close();
    this.stopClock();
  }

  /** False: it was stopped before. The context itself says so only a moment later, and refuses to be closed twice. */
  stopClock() {
    if (this.listeners.signal.aborted) return false;
    this.listeners.abort();
    this.context.close();
    return true;
  }
}

function play(audio) {
  audio.play().catch((error) => {
    // AbortError: another sound came in its place; NotAllowedError: the listener presses play
    if (error.name !== "AbortError" && error.name !== "NotAllowedError" && error.name !== "NotSupportedError") throw error;
  });
}
