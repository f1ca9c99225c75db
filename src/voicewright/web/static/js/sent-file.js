// Sends files and says how far that is: fetch tells nothing of an upload's progress, XMLHttpRequest does.
import { url } from "./api.js";

/**
 * @param {string} path without the proxy's prefix
 * @param {Blob | FormData} body
 * @param {{headers?: Record<string, string>, signal?: AbortSignal, progressed?: (share: number) => void}} [options]
 * @returns {Promise<{status: number, body: any, retryAfter: string | null}>} the answer, whatever it is; the status is 0
 *   where there was none, and the body null where it was no JSON
 */
export function post(path, body, { headers = {}, signal, progressed = () => {} } = {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url(path));
    for (const [name, value] of Object.entries({ Accept: "application/json", ...headers })) request.setRequestHeader(name, value);
    request.responseType = "text";
    const abort = () => request.abort();
    signal?.addEventListener("abort", abort);
    request.upload.onprogress = (event) => progressed(event.lengthComputable ? event.loaded / event.total : 0);
    request.onloadend = () => {
      signal?.removeEventListener("abort", abort);
      resolve({ status: request.status, body: parsed(request.responseText), retryAfter: request.getResponseHeader("Retry-After") });
    };
    request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
