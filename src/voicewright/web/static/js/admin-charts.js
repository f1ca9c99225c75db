// Draws the charts of the pages for administrators from what their figures carry: <figure data-chart='{...}'>.
import { chart } from "./charts.js";

const ROOM = 1.08;
const FORMATS = {
  count: (value) => (Number.isInteger(value) ? value.toLocaleString("en") : ""),
  money,
  score: (value) => value.toFixed(2),
  day: (value) => (Number.isInteger(value) ? day(value) : ""),
  step: (value) => (Number.isInteger(value) && value >= 0 && value < 10 ? `${(value / 10).toFixed(1)}–${((value + 1) / 10).toFixed(1)}` : ""),
};

/** `$0.0005`, `$0.04`, `$120`: of little money there are as many figures as its axis needs to tell its steps apart. */
export function money(value) {
  const [least, most] = value === 0 || value >= 10 ? [0, 2] : value >= 1 ? [2, 2] : value >= 0.01 ? [2, 4] : [4, 6];
  return `$${value.toLocaleString("en", { minimumFractionDigits: least, maximumFractionDigits: most })}`;
}

/** `22 Nov`, of days since 1970; the same in every time zone. */
export function day(number) {
  return new Date(number * 86_400_000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

/**
 * What uPlot wants: the places and the values, with an empty place at each end so that no bar is cut in half.
 * @param {{x: number[], series: {values: (number|null)[]}[], bars: boolean}} spec
 */
export function dataOf({ x, series, bars }) {
  if (!bars || x.length === 0) return [x, ...series.map((one) => one.values)];
  const step = x.length > 1 ? x[1] - x[0] : 1;
  const wide = [x[0] - step, ...x, x.at(-1) + step];
  return [wide, ...series.map((one) => [null, ...one.values, null])];
}

/** Where the axis ends: a little above the largest value, and never at nothing. */
export function topOf({ series, top }) {
  if (top) return top;
  const largest = Math.max(0, ...series.flatMap((one) => one.values.map((value) => value ?? 0)));
  return largest > 0 ? largest * ROOM : 1;
}

function draw(place) {
  const spec = JSON.parse(place.dataset.chart);
  const drawn = chart(
    place,
    spec.series.map((one, number) => ({ name: one.name, color: number + 1, format: FORMATS[spec.yFormat] })),
    { xName: spec.xName, xFormat: FORMATS[spec.xFormat], bars: spec.bars, range: [0, topOf(spec)] },
  );
  drawn.set(dataOf(spec));
}

if (globalThis.document) for (const place of document.querySelectorAll("[data-chart]")) draw(place);
