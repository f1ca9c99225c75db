// Figures beside a text that is to be spoken.

const CHARACTERS_PER_S = 15;

/** About how long it will be, in seconds. */
export function estimatedSeconds(text, speed = 1, isSsml = false) {
  const said = isSsml ? text.replace(/<[^>]*>/g, " ") : text;
  return said.replace(/\s+/g, " ").trim().length / CHARACTERS_PER_S / speed;
}

/** Characters as the service counts them: a sign of two halves is one. */
export function characters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** What the answer says of the limit, once a fifth of it is left: "99 of 500 requests left in this minute". */
export function allowance(headers) {
  const left = headers.get("x-ratelimit-remaining-requests");
  const of = headers.get("x-ratelimit-limit-requests");
  return left === null || of === null || left > of / 5 ? "" : `${left} of ${of} requests left in this minute`;
}

/** The body for `/v1/audio/speech`: what is as it usually is stays out. */
export function speechBody({ text, voice, language, speed, pitch, seed, normalise, ssml, format, ownLanguage }) {
  const body = { model: "tts-1", input: text, response_format: format };
  if (voice) body.voice = voice;
  if (language && language !== ownLanguage) body.language = language;
  if (speed !== 1) body.speed = speed;
  if (pitch) body.pitch = pitch;
  if (seed) body.seed = seed;
  if (normalise === false) body.normalise = false;
  if (ssml) body.ssml = true;
  return body;
}
