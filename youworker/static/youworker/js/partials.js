// Parts of pages, as page routes answer them to htmx.
import { t } from "./i18n.js";
import { readText, request } from "./net.js";
import { toast } from "./toast.js";

const SERVER_ERROR = 500;

/** Ask a page route; gives `{headers, text, nodes}`. Throws as `request` does; `detail` is the sentence that was answered. */
export async function fetchPart(url, { method = "GET", ...options } = {}) {
  const answer = await request(method, url, { ...options, headers: { "HX-Request": "true", Accept: "text/html" }, readError });
  const text = await readText(answer);
  return { headers: answer.headers, text, nodes: nodesOf(text) };
}

function readError(html) {
  const nodes = nodesOf(html);
  const said = nodes.querySelector(".error p, p, li") ?? nodes;
  return { detail: said.textContent.trim() };
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
  // What stands before the server, such as a proxy, answers in words of its own.
  const isAway = !error.status || error.status >= SERVER_ERROR;
  toast(error.detail || (isAway ? t("The server cannot be reached. Try again.") : t("The server refused this.")), { kind: "error" });
}
