// Calls of the REST API from a page. The browser's cookie says who asks.

/** What the API refused: `code` for programs, `message` for people, `fields` by their names. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? body?.error ?? "The service did not answer. Is it running? Try again in a moment.");
    this.name = "ApiError";
    this.status = status;
    this.code = body?.code ?? body?.error?.code ?? "UNREACHABLE";
    this.fields = body?.fields ?? [];
    this.requestId = body?.requestId ?? null;
  }
}

/** The path that a proxy has put the service below; empty for none. */
export function base() {
  return globalThis.document?.querySelector('meta[name="base"]')?.content ?? "";
}

/** The address of a path of this service. */
export function url(path) {
  return base() + path;
}

/**
 * Call the API.
 * @param {string} method
 * @param {string} path without the proxy's prefix
 * @param {{json?: unknown, body?: BodyInit, headers?: Record<string, string>, signal?: AbortSignal, stay?: boolean}} [options]
 *   `stay`: whoever is signed out stays on the page, which holds something that is not on the server yet
 * @returns {Promise<any>} the parsed JSON; null where there is none
 * @throws {ApiError} whatever is not a good answer
 */
export async function call(method, path, options = {}) {
  const response = await send(method, path, options);
  const text = await response.text();
  return isJson(response) && text ? JSON.parse(text) : null;
}

/** The same, with the answer itself: for sound, files and streams. */
export async function send(method, path, { json, body, headers = {}, signal, stay = false } = {}) {
  const sent = { method, body, headers: { Accept: "application/json", ...headers }, signal, credentials: "same-origin" };
  if (json !== undefined) {
    sent.body = JSON.stringify(json);
    sent.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(url(path), sent);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, null);
  }
  if (response.ok) return response;
  const answer = isJson(response) ? await response.json().catch(() => null) : null;
  const refused = new ApiError(response.status, answer);
  // a password that is wrong is a 401 as well, and nothing to leave the page for
  if (refused.code === "NOT_AUTHENTICATED" && !stay && globalThis.location) {
    const here = location.pathname.slice(base().length) + location.search;
    location.assign(url(`/panel/sign-in?next=${encodeURIComponent(here)}`));
  }
  throw refused;
}

function isJson(response) {
  return (response.headers.get("content-type") ?? "").includes("json");
}
