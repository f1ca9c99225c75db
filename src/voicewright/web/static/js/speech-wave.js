// The shape of a sound as an SVG, which follows the colours of the page: what was heard is filled.

const NS = "http://www.w3.org/2000/svg";
const WIDE = 1000;
const HIGH = 64;
const BARS = 160;
const LEAST = 0.03;

/** The loudest of each of so many stretches, 0 to 1 of the loudest of all. */
export function peaksOf(samples, count = BARS) {
  const peaks = [];
  for (let bar = 0; bar < count; bar += 1) {
    const from = Math.floor((bar * samples.length) / count);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * samples.length) / count));
    let most = 0;
    for (let index = from; index < to && index < samples.length; index += 1) most = Math.max(most, Math.abs(samples[index]));
    peaks.push(most);
  }
  const loudest = Math.max(...peaks);
  return loudest > 0 ? peaks.map((peak) => peak / loudest) : peaks;
}

/** The outline of the bars. */
export function outline(peaks, wide = WIDE, high = HIGH) {
  const step = wide / peaks.length;
  return peaks.map((peak, bar) => {
    const half = (Math.max(peak, LEAST) * high) / 2;
    return `M${(bar * step).toFixed(1)} ${(high / 2 - half).toFixed(1)}h${(step * 0.62).toFixed(1)}v${(half * 2).toFixed(1)}h${(-step * 0.62).toFixed(1)}z`;
  }).join("");
}

/** Draws into an element. */
export class Wave {
  constructor(host) {
    this.svg = document.createElementNS(NS, "svg");
    const set = { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" };
    for (const [name, value] of Object.entries(set)) this.svg.setAttribute(name, value);
    const clip = document.createElementNS(NS, "clipPath");
    clip.id = "wave-heard";
    this.edge = document.createElementNS(NS, "rect");
    this.edge.setAttribute("height", HIGH);
    clip.append(this.edge);
    this.all = document.createElementNS(NS, "path");
    this.all.setAttribute("class", "wave-all");
    this.heard = document.createElementNS(NS, "path");
    this.heard.setAttribute("class", "wave-heard");
    this.heard.setAttribute("clip-path", "url(#wave-heard)");
    this.svg.append(clip, this.all, this.heard);
    host.replaceChildren(this.svg);
    this.clear();
  }

  /** A line, for a sound of which nothing is known yet. */
  clear() {
    this.draw(new Array(BARS).fill(0));
    this.move(0);
  }

  draw(peaks) {
    const d = outline(peaks);
    this.all.setAttribute("d", d);
    this.heard.setAttribute("d", d);
  }

  /** Of a file; where the browser can't read it the line stays. */
  async read(blob) {
    try {
      const context = new OfflineAudioContext(1, 1, 22050);
      const sound = await context.decodeAudioData(await blob.arrayBuffer());
      this.draw(peaksOf(sound.getChannelData(0)));
    } catch (error) {
      if (error.name !== "EncodingError") throw error;
    }
  }

  /** How much was heard, 0 to 1. */
  move(share) {
    this.edge.setAttribute("width", Math.max(0, Math.min(1, share)) * WIDE);
  }
}
