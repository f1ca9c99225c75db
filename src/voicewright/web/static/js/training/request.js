// What was chosen on the page, as the REST API wants it.

const MINUTE_MS = 60_000;

/**
 * @typedef {object} Choice
 * @property {{dataset?: string, samples?: string[], again?: {jobId: string, samples: string[], name: string, language: string}}} from
 * @property {string[]} engines ids
 * @property {string} method
 * @property {string} [name]
 * @property {string} [language]
 * @property {"now"|"off-peak"|"later"} [when]
 * @property {string} [startAfter] as `datetime-local` has it
 * @property {number} [threshold]
 * @property {number} [limit] minutes
 * @property {number} [priority]
 * @property {Record<string, Record<string, unknown>>} options by engine, only what differs from the defaults
 */

/** What is to be chosen before an estimate can be asked for; null: nothing. */
export function missing({ from, engines, when, startAfter }) {
  if (!engines.length) return "Choose an engine.";
  if (!from.again && !from.dataset && !from.samples?.length) return "Choose what to learn from.";
  if (when === "later" && !startAfter) return "Choose when it may start.";
  return null;
}

/** The body of an estimate with one of the engines. */
export function estimateOf(choice, engine) {
  return { ...material(choice), ...common(choice), provider: engine, options: { ...limits(choice), ...own(choice.options[engine]) } };
}

/** The body of the start of all engines together. */
export function startOf(choice) {
  const [engine, ...others] = choice.engines;
  if (others.length === 0) return estimateOf(choice, engine);
  const given = choice.engines.filter((one) => hasAny(choice.options[one]));
  const engineOptions = given.length ? { engine: Object.fromEntries(given.map((one) => [one, choice.options[one]])) } : {};
  return { ...material(choice), ...common(choice), providers: choice.engines, options: { ...limits(choice), ...engineOptions } };
}

/** The body of another training of what a job was trained on. */
export function againOf(choice, engine) {
  return { provider: engine, method: choice.method, options: { ...limits(choice), ...own(choice.options[engine]) } };
}

function material({ from }) {
  if (from.again) return { voiceSampleIds: from.again.samples, name: from.again.name, language: from.again.language };
  return from.dataset ? { datasetName: from.dataset } : { voiceSampleIds: from.samples };
}

function common({ from, method, name, language, when, startAfter, priority }) {
  const said = { method };
  if (from.again) return said;
  if (name) said.name = name;
  if (language) said.language = language;
  if (when === "off-peak") said.schedule = "off-peak";
  if (when === "later") said.startAfter = new Date(startAfter).toISOString();
  if (priority !== undefined) said.priority = priority;
  return said;
}

function limits({ threshold, limit }) {
  return {
    ...(threshold === undefined ? {} : { qualityThreshold: threshold }),
    ...(limit === undefined ? {} : { maxTrainingTimeMs: Math.round(limit * MINUTE_MS) }),
  };
}

function own(options) {
  return hasAny(options) ? { engine: options } : {};
}

function hasAny(options) {
  return options !== undefined && Object.keys(options).length > 0;
}
