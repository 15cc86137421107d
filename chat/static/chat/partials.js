// Parts of pages, as page routes answer them to htmx.
import { t } from "../youworker/js/i18n.js";
import { ApiError, csrfToken, pageUser } from "../youworker/js/net.js";
import { toast } from "../youworker/js/toast.js";

/**
 * Ask a page route; gives `{headers, text, nodes}`. Throws `ApiError` whose detail is the sentence that the
 * route answered. That a session has ended is told to the page (`yw-signed-out`) as well.
 */
export async function fetchPart(url, { method = "GET", body, signal } = {}) {
  const headers = { "HX-Request": "true", "X-Page-User": pageUser(), Accept: "text/html" };
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
  if (answer.ok) return { headers: answer.headers, text, nodes };
  // Who has cleared the cookies has no token, either.
  const status = answer.status === 403 && method !== "GET" && !csrfToken() ? 401 : answer.status;
  if (status === 401) document.dispatchEvent(new CustomEvent("yw-signed-out"));
  const said = nodes.querySelector(".error p, p, li") ?? nodes;
  const detail = said.textContent.trim();
  throw new ApiError(status, { detail }, Number(answer.headers.get("Retry-After")) || 0);
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

/** Put what a page route answered into an element, by htmx: its modules run. */
export function swapIn(text, target) {
  globalThis.htmx.swap({ text, target, swap: "innerHTML", sourceElement: target });
}

/** Say an error as a message over the page; that a session has ended is said elsewhere. */
export function sayError(error) {
  if (error.status === 401) return;
  toast(error.status ? error.detail : t("The server cannot be reached. Try again."), { kind: "error" });
}
