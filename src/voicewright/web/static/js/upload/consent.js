// What a speaker agreed to: one consent per speaker is enough, and a new one is recorded on the way.
import { callHere as call } from "../signed-out.js";

const SCOPE = "voice-cloning";

/** The consent that a voice may be made with now, of several the one that lasts longest; null where there is none. */
export function standing(consents) {
  const ends = (one) => (one.expires_at ? Date.parse(one.expires_at) : Infinity);
  const counting = consents.filter((one) => one.stands_for.includes(SCOPE));
  return counting.reduce((longest, one) => (longest && ends(longest) >= ends(one) ? longest : one), null);
}

export async function consentOf(speaker, get = call) {
  const { consents } = await get("GET", `/consents?limit=100&speaker=${encodeURIComponent(speaker)}`);
  return standing(consents);
}

export function statementOf(speaker) {
  return `${speaker || "The speaker"} agrees that a voice is made of these recordings.`;
}

export async function recordConsent(speaker, post = call) {
  return post("POST", "/consents", { json: { speaker, statement: statementOf(speaker) } });
}
