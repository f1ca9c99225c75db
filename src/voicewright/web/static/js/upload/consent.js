// What a speaker agreed to: one consent per speaker is enough, and a new one is recorded on the way.
import { callHere as call } from "../signed-out.js";

const SCOPE = "voice-cloning";

/** The consent of a speaker that counts now; null where there is none. Revoking one ends all that came before it. */
export function standing(consents, now = Date.now()) {
  const about = consents.filter((one) => one.scope.includes(SCOPE));
  const takenBack = Math.max(0, ...about.filter((one) => one.revoked_at).map((one) => Date.parse(one.revoked_at)));
  return about.find((one) => Date.parse(one.asserted_at) > takenBack && (!one.expires_at || Date.parse(one.expires_at) > now)) ?? null;
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
