// Messages that are finished: rendered once, and what they were written as.
import { enhance } from "../youworker/js/enhance.js";
import { activate } from "../youworker/js/partials.js";
import { showTimes } from "../youworker/js/time.js";
import { Growing } from "./growing.js";
import { morph } from "./morph.js";

/** Make a finished article of one that was growing, with the same nodes where they say the same. */
export function settle(article, fresh, growing) {
  const source = sourceOf(fresh.querySelector("[data-md]"));
  const markdown = article.querySelector("[data-md]");
  growing.finish(source);
  noteSource(markdown, source);
  const focused = document.activeElement;
  for (const acts of article.querySelectorAll(".acts")) if (!acts.contains(focused)) acts.replaceChildren();
  morph(article, fresh, (node) => node === markdown || "streamed" in (node.dataset ?? {}));
  activate(article);
  showTimes(article);
  enhanceWhole(markdown, source, detailsOf(article));
}

/** Show the source of a message, or of another text below `article`, that is finished. */
export function renderFinished(article) {
  const markdown = article.querySelector("[data-md]");
  if (!markdown || sources.has(markdown)) return;
  const source = sourceOf(markdown);
  new Growing(markdown).finish(source);
  noteSource(markdown, source);
  enhanceWhole(markdown, source, detailsOf(article));
}

/** Enhance a whole text with what is known about it. */
export function enhanceWhole(markdown, source, { citations = [], unsupported = [] }) {
  enhance(markdown, { citations, unsupported, source }).catch(() => {});
}

// The text as it was written, kept for those who copy it.
const sources = new WeakMap();

/** Note what is shown in a `[data-md]` element. */
export function noteSource(markdown, source) {
  sources.set(markdown, source);
  markdown.dataset.rendered = "";
}

/** The Markdown of a `[data-md]` element. */
export function sourceOf(markdown) {
  return sources.get(markdown) ?? markdown.textContent;
}

function detailsOf(article) {
  try {
    return JSON.parse(article.querySelector('script[type="application/json"]')?.textContent || "{}");
  } catch {
    return {};
  }
}
