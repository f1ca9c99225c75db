// Bytes into a SourceBuffer, which takes them one piece after another and tells when it is ready for the next.

export class Feeder {
  /** @param {{updating: boolean, appendBuffer: (bytes: Uint8Array) => void, addEventListener: Function}} buffer */
  constructor(buffer) {
    this.buffer = buffer;
    this.waiting = [];
    this.full = false;
    this.done = null;
    buffer.addEventListener("updateend", () => this.pump());
  }

  /** Some more; pieces keep their order. */
  push(bytes) {
    this.waiting.push(bytes);
    this.pump();
  }

  /** Resolves when the buffer has all that came, or can take no more of it. */
  finish() {
    return new Promise((resolve) => {
      this.done = resolve;
      this.pump();
    });
  }

  pump() {
    if (this.buffer.updating) return;
    if (this.waiting.length && !this.full) {
      try {
        this.buffer.appendBuffer(this.waiting[0]);
        this.waiting.shift();
        return;
      } catch (error) {
        // it holds a quarter of an hour; what is longer is played from the whole file, once that is there
        if (error.name !== "QuotaExceededError" && error.name !== "InvalidStateError") throw error;
        this.full = true;
      }
    }
    this.done?.();
    this.done = null;
  }
}
