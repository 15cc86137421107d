// Parts of pages, as page routes answer them to htmx.
import { ApiError, csrfToken } from "../youworker/js/net.js";

/**
 * Ask a page route; gives `{headers, nodes}`. Throws `ApiError` whose detail is the sentence that the
 * route answered. That a session has ended is told to the page (`yw-signed-out`) as well.
 */
export async function fetchPart(url, { method = "GET", body, signal } = {}) {
  const headers = { "HX-Request": "true", Accept: "text/html" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  let answer;
  let text;
  try {
    answer = await fetch(url, { method, body, headers, signal });
    text = await answer.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "unreachable" });
  }
  const nodes = nodesOf(text);
  if (answer.ok) return { headers: answer.headers, nodes };
  if (answer.status === 401) document.dispatchEvent(new CustomEvent("yw-signed-out"));
  const said = nodes.querySelector(".error p, p, li") ?? nodes;
  const detail = said.textContent.trim();
  throw new ApiError(answer.status, { detail }, Number(answer.headers.get("Retry-After")) || 0);
}

// What templates made is escaped; a parsed document runs nothing.
function nodesOf(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const nodes = document.createDocumentFragment();
  nodes.append(...[...parsed.body.childNodes].map((node) => document.importNode(node, true)));
  return nodes;
}

/** Let htmx see what was put into the page. */
export function activate(element) {
  globalThis.htmx?.process(element);
}

/** Load a part and put it where it belongs, by htmx. */
export function swapPart(url, target, swap = "innerHTML") {
  return globalThis.htmx.ajax("GET", url, { target, swap, source: target });
}
