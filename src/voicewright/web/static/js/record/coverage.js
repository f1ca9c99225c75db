// How much of a language was heard: its sounds, their pairs, and minutes of speech; and what that is enough for.
import { duration } from "../figures.js";

const REST = "|";
const FIRST_S = 60;
const IDEAL_S = 600;
const GOOD_PAIRS = 0.7;

/** The sounds of a sentence, and the pairs of sounds beside each other in it. */
export function unitsOf(sounds) {
  const names = sounds.split(" ").filter(Boolean);
  if (!names.length) return { heard: new Set(), pairs: new Set() };
  const around = [REST, ...names, REST];
  const pairs = new Set();
  for (let index = 1; index < around.length; index += 1) {
    if (around[index - 1] !== REST || around[index] !== REST) pairs.add(`${around[index - 1]} ${around[index]}`);
  }
  return { heard: new Set(names.filter((name) => name !== REST)), pairs };
}

/** All units of some sentences. */
export function unitsOfAll(sentences) {
  const all = { heard: new Set(), pairs: new Set() };
  for (const { sounds } of sentences) {
    const units = unitsOf(sounds);
    for (const one of units.heard) all.heard.add(one);
    for (const one of units.pairs) all.pairs.add(one);
  }
  return all;
}

/**
 * @param {{sounds: string}[]} all every sentence there is
 * @param {{sounds: string}[]} said those whose recordings can be used
 * @param {number} seconds of speech that can be used
 * @param {number} goodS seconds that make a good voice
 */
export function coverageOf(all, said, seconds, goodS) {
  const whole = unitsOfAll(all);
  const done = unitsOfAll(said);
  const share = (part, total) => (total ? part / total : 0);
  const coverage = {
    seconds,
    sounds: done.heard.size,
    allSounds: whole.heard.size,
    pairs: done.pairs.size,
    allPairs: whole.pairs.size,
    soundShare: share(done.heard.size, whole.heard.size),
    pairShare: share(done.pairs.size, whole.pairs.size),
    minuteShare: Math.min(1, seconds / IDEAL_S),
  };
  return { ...coverage, ...verdictOn(coverage, goodS) };
}

/** Whether it is enough, and what more would bring. */
export function verdictOn({ seconds, sounds, allSounds, pairShare }, goodS) {
  const missing = allSounds - sounds;
  const heardAll = missing === 0;
  if (seconds >= IDEAL_S && heardAll) {
    return { stage: "ideal", title: "That is plenty", text: "More hardly makes the voice better. Train it." };
  }
  if (seconds >= goodS && heardAll && (!allSounds || pairShare >= GOOD_PAIRS)) {
    return { stage: "good", title: "Enough for a good voice", text: `Every sound was heard in much company. Up to ten minutes it still gets better: ${lack(IDEAL_S - seconds)} more.` };
  }
  if (seconds >= FIRST_S && heardAll) {
    const pairs = allSounds && pairShare < GOOD_PAIRS ? " More sentences bring the pairs of sounds that are missing, and smoother speech." : "";
    const left = seconds < goodS ? `${lack(goodS - seconds)} more make a good one.` : "A few more make a good one.";
    return { stage: "first", title: "Enough for a first voice", text: `You can train now. ${left}${pairs}` };
  }
  const lacks = [];
  if (missing > 0) lacks.push(`${missing} ${missing === 1 ? "sound was" : "sounds were"} not heard yet`);
  if (seconds < FIRST_S) lacks.push(`${lack(FIRST_S - seconds)} of speech are missing`);
  return { stage: "begun", title: "Not enough for a voice yet", text: `${capital(lacks.join(", and "))}. The next sentences were chosen to bring that.` };
}

/** What is missing, so that it is enough once that was spoken. */
function lack(seconds) {
  return duration(Math.ceil(seconds));
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
