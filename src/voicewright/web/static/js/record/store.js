// Where takes go: a dataset of whoever is signed in. Everything that this page sends stands here.
import { ApiError } from "../api.js";
import { callHere as call } from "../signed-out.js";

/**
 * Keep a take, and let go the one that it replaces; one that can't be used replaces nothing.
 * @param {{dataset: string, speaker: string, language: string}} place
 * @param {{wav: Uint8Array<ArrayBuffer>, text: string, name: string, replaces: string | null}} take
 * @returns {Promise<{id: string, verdict: string, reasons: string[], seconds: number}>}
 * @throws {ApiError} it was refused, or nobody answered
 */
export async function keepTake({ dataset, speaker, language }, { wav, text, name, replaces }) {
  const form = new FormData();
  form.append("dataset_name", dataset);
  form.append("speaker", speaker);
  form.append("language", language);
  form.append("transcript", text);
  form.append("audio", new File([wav], name, { type: "audio/wav" }));
  const answer = await call("POST", "/datasets/upload", { body: form });
  const { sample } = answer.files[0];
  let { id } = sample;
  if (replaces && replaces !== id) {
    const isWorse = sample.verdict === "rejected";
    await letGo(dataset, isWorse ? id : replaces);
    if (isWorse) id = replaces;
  }
  return { id, verdict: sample.verdict, reasons: sample.reasons, seconds: sample.speech_seconds };
}

async function letGo(dataset, id) {
  try {
    await call("DELETE", `/datasets/${encodeURIComponent(dataset)}/clips/${id}`);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error; // it was deleted elsewhere
  }
}

/**
 * Record that a speaker agrees.
 * @param {{speaker: string, language: string, statement: string, wav: Uint8Array<ArrayBuffer> | null, provider: boolean}} agreement
 */
export async function keepAgreement({ speaker, language, statement, wav, provider }) {
  let recording = null;
  if (wav) {
    const form = new FormData();
    form.append("name", speaker);
    form.append("language", language);
    form.append("recording", new File([wav], "agreement.wav", { type: "audio/wav" }));
    const kept = await call("POST", "/v1/audio/voice_consents", { body: form });
    if (!provider) return kept.id;
    recording = (await call("GET", `/consents/${kept.id}`)).recording_sample_id;
  }
  const body = { speaker, scope: provider ? ["voice-cloning", "provider-upload"] : ["voice-cloning"], statement };
  if (recording) Object.assign(body, { recording_sample_id: recording, language });
  return (await call("POST", "/consents", { json: body })).id;
}
