// The sound of a take as it grows, drawn from its peaks.

const STEP_PX = 3;

export class Waveform {
  constructor(canvas) {
    this.canvas = canvas;
    this.peaks = [];
    this.fresh = false;
    new ResizeObserver(() => this.draw()).observe(canvas);
    document.addEventListener("theme", () => this.draw());
  }

  clear() {
    this.peaks = [];
    this.draw();
  }

  /** One more piece of sound, by its loudest sample. */
  push(peak) {
    this.peaks.push(Math.min(1, peak));
    if (this.fresh) return;
    this.fresh = true;
    requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.fresh = false;
    const { canvas } = this;
    const scale = globalThis.devicePixelRatio || 1;
    const wide = canvas.clientWidth;
    const high = canvas.clientHeight;
    canvas.width = wide * scale;
    canvas.height = high * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const shown = fitted(this.peaks, Math.floor(wide / STEP_PX));
    pen.fillStyle = style.getPropertyValue("border-top-color");
    pen.fillRect(0, high / 2 - 0.5, wide, 1);
    pen.fillStyle = style.color;
    shown.forEach((peak, index) => {
      const half = Math.max(0.5, (Math.sqrt(peak) * high) / 2);
      pen.fillRect(index * STEP_PX, high / 2 - half, STEP_PX - 1, half * 2);
    });
  }
}

/** Peaks for so many columns: neighbours are drawn together once there are more. */
export function fitted(peaks, columns) {
  if (peaks.length <= columns || columns < 1) return peaks;
  const found = new Array(columns).fill(0);
  peaks.forEach((peak, index) => {
    const column = Math.floor((index * columns) / peaks.length);
    found[column] = Math.max(found[column], peak);
  });
  return found;
}
