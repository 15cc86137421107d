// Calls of the API with the session of the page.

/** A refusal: `status`, `code` and `detail` of its first error, `retryAfter` in seconds. */
export class ApiError extends Error {
  constructor(status, { code = "error", detail = "", attr = null } = {}, retryAfter = 0) {
    super(detail || code);
    Object.assign(this, { status, code, detail, attr, retryAfter });
  }
}

/** The token that writes need; it changes when somebody signs in. */
export function csrfToken() {
  const found = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
  return found ? decodeURIComponent(found[1]) : "";
}

/** Whose page this is: what it sends must not count as another's who has signed in since. */
export function pageUser() {
  return document.body.dataset.user ?? "";
}

/**
 * Call `/v1` and give what it answers, read as JSON; null for an empty answer.
 * Throws `ApiError`, with status 0 when the server cannot be reached. A session that has ended
 * is said to the page (`yw-signed-out`) as well.
 */
export async function call(method, path, { json, body, headers = {}, signal } = {}) {
  const options = {
    method,
    signal,
    headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang, ...headers },
  };
  if (json !== undefined) {
    options.body = JSON.stringify(json);
    options.headers["Content-Type"] = "application/json";
  } else if (body !== undefined) {
    options.body = body;
  }
  if (method !== "GET") options.headers["X-CSRFToken"] = csrfToken();
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "unreachable" });
  }
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  const refusal = new ApiError(answer.status, firstError(text), Number(answer.headers.get("Retry-After")) || 0);
  if (refusal.status === 401) document.dispatchEvent(new CustomEvent("yw-signed-out"));
  throw refusal;
}

function firstError(text) {
  try {
    return JSON.parse(text).errors[0];
  } catch {
    return {};
  }
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, json = {}, options) => call("POST", path, { json, ...options });
export const patch = (path, json, options) => call("PATCH", path, { json, ...options });
export const del = (path, options) => call("DELETE", path, options);
