// Takes on their way to the server, one after another, while the next is spoken. What fails because nobody answers
// is tried again, later each time, and at once when the browser is back on line. Whoever may not send (signed out,
// say) is told, and everything waits until they go on: what somebody has spoken is never thrown away for that.

const FIRST_PAUSE_MS = 1500;
const LONGEST_PAUSE_MS = 30_000;

export class Uploads {
  /**
   * @param {(job: any) => Promise<any>} send
   * @param {{changed?: (job: any, state: "sending" | "waiting" | "kept" | "failed", outcome?: any) => void, away?: (away: boolean) => void, held?: (why: any) => void, later?: (run: () => void, wait: number) => any}} [options]
   */
  constructor(send, { changed = () => {}, away = () => {}, held = () => {}, later = (run, wait) => setTimeout(run, wait) } = {}) {
    this.send = send;
    this.changed = changed;
    this.away = away;
    this.held = held;
    this.later = later;
    this.jobs = [];
    this.busy = false;
    this.pause = FIRST_PAUSE_MS;
    this.timer = null;
    /** What stopped it until somebody goes on; null: nothing. */
    this.why = null;
  }

  add(job) {
    this.jobs.push(job);
    this.run();
  }

  /** Go on after what held it. */
  goOn() {
    this.why = null;
    this.held(null);
    this.hurry();
  }

  /** Try now, whatever was waited for. */
  hurry() {
    clearTimeout(this.timer);
    this.timer = null;
    this.run();
  }

  async run() {
    if (this.busy || this.timer !== null || this.why) return;
    this.busy = true;
    while (this.jobs.length) {
      const [job] = this.jobs;
      this.changed(job, "sending");
      try {
        const outcome = await this.send(job);
        this.jobs.shift();
        this.pause = FIRST_PAUSE_MS;
        this.away(false);
        this.changed(job, "kept", outcome);
      } catch (error) {
        if (holds(error)) {
          this.why = error;
          this.changed(job, "waiting");
          this.away(false);
          this.held(error);
          break;
        }
        if (!passes(error)) {
          this.jobs.shift();
          this.changed(job, "failed", error);
          continue;
        }
        this.changed(job, "waiting");
        this.away(true);
        this.timer = this.later(() => this.hurry(), this.pause);
        this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
        break;
      }
    }
    this.busy = false;
  }
}

/** Whether nothing can be sent before somebody has done something: signed in again, or got leave. */
export function holds(error) {
  return error.status === 401 || error.status === 403;
}

/** Whether trying again may help: nobody answered, the server is away or busy, or asked for patience. */
export function passes(error) {
  return !error.status || error.status === 408 || error.status === 429 || error.status >= 500;
}
