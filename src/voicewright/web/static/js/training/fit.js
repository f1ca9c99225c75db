// Whether there is speech enough for an engine, and whether it speaks the language: told at once, on its card.
import { duration } from "../figures.js";

/**
 * @param {{speechS: number, language: string}} material
 * @param {{minimumS: number, trainMinimumS: number|null, clones: boolean, trains: boolean, idealS: number, languages: string[]}} engine
 * @returns {{tone: "good"|"warn"|"bad", text: string}}
 */
export function fit({ speechS, language }, engine) {
  if (language && !speaks(engine.languages, language)) return { tone: "bad", text: `It does not speak ${named(language)}.` };
  if (speechS < engine.minimumS) {
    return { tone: "bad", text: `Too short: there are ${duration(speechS)} of speech, and it needs ${duration(engine.minimumS)}.` };
  }
  if (engine.trains && engine.trainMinimumS !== null && speechS < engine.trainMinimumS) {
    return { tone: "warn", text: `Enough to clone. To train, it needs ${duration(engine.trainMinimumS - speechS)} more.` };
  }
  if (speechS < engine.idealS) {
    return { tone: "warn", text: `Enough. With ${duration(engine.idealS - speechS)} more the voice would be better.` };
  }
  return { tone: "good", text: "As much speech as it can use." };
}

/** A language as people call it; what is no code of one is said as it is. */
function named(code) {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(code.replace("_", "-"));
  } catch {
    return code;
  }
}

/** Whether one of the languages serves another: `de-AT` is served by `de`, and `en` by `en-us`. */
export function speaks(languages, wanted) {
  const primary = (code) => code.toLowerCase().replace("_", "-").split("-")[0];
  return languages.some((one) => primary(one) === primary(wanted));
}
