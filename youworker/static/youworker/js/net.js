// Requests of the page, to the API and to page routes.

/** A refusal: `status`, `code` and `detail` of its first error, `retryAfter` in seconds. */
export class ApiError extends Error {
  constructor(status, { code = "error", detail = "", attr = null } = {}, retryAfter = 0) {
    super(detail || code);
    Object.assign(this, { status, code, detail, attr, retryAfter });
  }
}

/** Whose page this is: what it sends must not count as another's who has signed in since. */
export function pageUser() {
  return document.body.dataset.user ?? "";
}

/** What every request of the page says: for whom, in which language, and for writes that it is ours. */
export function pageHeaders(method) {
  const headers = { "X-Page-User": pageUser(), "Accept-Language": document.documentElement.lang };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  return headers;
}

/** What proves that a write comes from a page of ours; it changes when somebody signs in, so it is read each time. */
export function csrfToken() {
  const found = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
  return found ? decodeURIComponent(found[1]) : "";
}

/**
 * Ask a route of ours; gives its `Response`. `readError` reads `{code, detail, attr}` in the text of a refusal.
 * Throws `ApiError`, with status 0 when the server cannot be reached, or an `AbortError`.
 */
export async function request(method, path, { headers = {}, readError, ...options } = {}) {
  const answer = await reach(fetch(path, { ...options, method, headers: { ...pageHeaders(method), ...headers } }));
  if (answer.ok) return answer;
  // Who has cleared the cookies has no token, either.
  const status = answer.status === 403 && method !== "GET" && !csrfToken() ? 401 : answer.status;
  throw refusalOf(status, await readText(answer), answer.headers.get("Retry-After"), readError);
}

/** The text of an answer; throws as `request` does. */
export function readText(answer) {
  return reach(answer.text());
}

async function reach(work) {
  try {
    return await work;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "unreachable" });
  }
}

/** What a refused request throws; that a session has ended is told to the page (`yw-signed-out`) as well. */
export function refusalOf(status, text, retryAfter, readError = firstError) {
  if (status === 401) document.dispatchEvent(new CustomEvent("yw-signed-out"));
  return new ApiError(status, readError(text), Number(retryAfter) || 0);
}

function firstError(text) {
  try {
    return JSON.parse(text).errors[0];
  } catch {
    // A proxy's own words.
    return {};
  }
}

/** Call `/v1` and give what it answers, read as JSON; null for an empty answer. Throws as `request` does. */
export async function call(method, path, { json, headers = {}, ...options } = {}) {
  const said = { Accept: "application/json", ...headers };
  if (json !== undefined) {
    options.body = JSON.stringify(json);
    said["Content-Type"] = "application/json";
  }
  const text = await readText(await request(method, path, { ...options, headers: said }));
  return text ? JSON.parse(text) : null;
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, json = {}, options) => call("POST", path, { json, ...options });
