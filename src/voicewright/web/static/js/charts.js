// Charts in the page's own colours (uPlot). A page that uses them also loads vendor/uPlot.min.css.
// Every chart has a table or words beside it that say the same: a picture alone is read by nobody who can't see it.
import uPlot from "../vendor/uPlot.esm.js";

const HEIGHT = 224;
/** Fewer values than this are no line that one can see: they are shown as points. */
const LINE_FROM = 3;
const POINT_SIZE = 8;
const AXIS_WIDTH = 56;
const AXIS_GAP = 18;
const DIGIT_WIDTH = 7.5;
/** How far apart the numbers of an axis of whole things may be, epochs for one. */
export const WHOLE_STEPS = Array.from({ length: 15 }, (_, zeros) => [1, 2, 5].map((one) => one * 10 ** zeros)).flat();

/**
 * Lines over time or over steps.
 * @param {HTMLElement} place where it is drawn, and how wide
 * @param {{name: string, color?: number, scale?: string, format?: (value: number) => string}[]} series without the first, which is x
 * @param {{time?: boolean, xName?: string, xFormat?: (value: number) => string, bars?: boolean, range?: [number|null, number|null], height?: number}} [options]
 * @returns {{set: (data: (number|null)[][]) => void, destroy: () => void}}
 */
export function chart(place, series, { time = false, xName = "Step", xFormat, bars = false, range, height = HEIGHT } = {}) {
  let drawn = null;
  let last = [[], ...series.map(() => [])];
  const draw = () => {
    drawn?.destroy();
    drawn = new uPlot(options(), last, place);
  };
  const options = () => {
    const color = (name) => resolved(place, `var(--${name})`);
    const axis = { stroke: color("dim"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line") }, font: "12px Inter, system-ui, sans-serif" };
    return {
      width: Math.max(place.clientWidth, 200),
      height,
      scales: { x: { time }, ...(range ? { y: { range: (_, low, high) => [range[0] ?? low, range[1] ?? high] } } : {}) },
      axes: [{ ...axis, ...(time ? {} : { incrs: WHOLE_STEPS }), ...(xFormat ? { values: (_, values) => values.map(xFormat) } : {}) }, { ...axis, size: (_, labels) => axisWidth(labels), ...(series[0]?.format ? { values: (_, values) => values.map((value) => value === null ? "" : series[0].format(value)) } : {}) }],
      series: [
        { label: xName, ...(xFormat ? { value: (_, value) => (value === null ? "–" : xFormat(value)) } : {}) },
        ...series.map((one, number) => {
          const stroke = color(`chart-${one.color ?? (number % 5) + 1}`);
          return {
            label: one.name,
            stroke,
            width: bars ? 0 : 2,
            points: { show: (drawing, index) => !bars && isSparse(drawing.data[index]), size: POINT_SIZE, fill: stroke },
            spanGaps: true,
            ...(bars ? { fill: stroke, paths: uPlot.paths.bars({ size: [0.7, 60] }) } : {}),
            value: (_, value) => (value === null || value === undefined ? "–" : (one.format?.(value) ?? value.toPrecision(3))),
          };
        }),
      ],
      legend: { live: true },
      cursor: { y: false },
    };
  };
  const resize = new ResizeObserver(() => drawn?.setSize({ width: Math.max(place.clientWidth, 200), height }));
  draw();
  resize.observe(place);
  document.addEventListener("theme", draw);
  return {
    set(data) {
      last = data;
      drawn.setData(data);
    },
    destroy() {
      resize.disconnect();
      document.removeEventListener("theme", draw);
      drawn.destroy();
    },
  };
}

/** Room for the labels of an upright axis; `$0.0015` needs more than most. */
export function axisWidth(labels) {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label.length));
  return Math.max(AXIS_WIDTH, AXIS_GAP + longest * DIGIT_WIDTH);
}

/** Whether there are too few values for a line that one can see. */
export function isSparse(values) {
  return values.filter((value) => value !== null && value !== undefined).length < LINE_FROM;
}

/** A colour as the canvas understands it: what a style means here, in this theme. */
function resolved(place, style) {
  const probe = document.createElement("i");
  probe.style.color = style;
  place.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
