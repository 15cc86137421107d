// Finds a quote in what is shown, and marks it. What is shown may break lines, hyphenate, use
// ligatures or other quotation marks, so only letters and digits are compared.
import { element } from "../youworker/js/elements.js";

const SIGNIFICANT = /[\p{L}\p{N}]/u;
// Less than this share of a quote says nothing about its place.
const ENOUGH = 0.5;
// Shorter than this is found anywhere.
const SHORTEST = 12;

/**
 * Mark a quote below `root`; the marks in order, or none when less than half of it is there.
 * Text within buttons and `[data-no-quote]` is not looked at.
 */
export function markQuote(root, quote) {
  const shown = read(root);
  const wanted = significant(quote);
  const found = find(shown.text, wanted);
  if (!found) return [];
  return markBetween(shown, found.start, found.end);
}

/** Take marks away again. */
export function unmark(root) {
  for (const mark of root.querySelectorAll("mark.quote")) {
    const parent = mark.parentNode;
    mark.replaceWith(...mark.childNodes);
    parent.normalize();
  }
}

// The significant characters below an element, and where each of them stands.
function read(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  const offsets = [];
  let text = "";
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement?.closest("[data-no-quote], button, script, style")) continue;
    const value = node.data;
    for (let at = 0; at < value.length; ) {
      const character = String.fromCodePoint(value.codePointAt(at));
      for (const plain of significant(character)) {
        text += plain;
        for (let unit = 0; unit < plain.length; unit++) {
          nodes.push(node);
          offsets.push(at);
        }
      }
      at += character.length;
    }
  }
  return { text, nodes, offsets };
}

/** The letters and digits of a text, in one form. */
export function significant(text) {
  const plain = text.normalize("NFKD").toLowerCase();
  return Array.from(plain, (character) => (SIGNIFICANT.test(character) ? character : "")).join("");
}

// Where a text stands in another one: all of it, else its longest beginning or end, if half of it.
function find(text, wanted) {
  if (!wanted) return null;
  const whole = text.indexOf(wanted);
  if (whole >= 0) return { start: whole, end: whole + wanted.length };
  const least = Math.max(SHORTEST, Math.ceil(wanted.length * ENOUGH));
  if (least > wanted.length) return null;
  const head = longest(wanted.length, least, (length) => text.indexOf(wanted.slice(0, length)));
  const tail = longest(wanted.length, least, (length) => text.indexOf(wanted.slice(wanted.length - length)));
  const best = !tail || (head && head.end - head.start >= tail.end - tail.start) ? head : tail;
  return best ?? middle(text, wanted, least);
}

// The longest length whose text is found, by halving; null when not even the least one is.
function longest(most, least, place) {
  let [low, high, found] = [least, most, null];
  while (low <= high) {
    const length = (low + high) >> 1;
    const start = place(length);
    if (start >= 0) {
      found = { start, end: start + length };
      low = length + 1;
    } else {
      high = length - 1;
    }
  }
  return found;
}

// Half of a quote from anywhere within it.
function middle(text, wanted, least) {
  const step = Math.max(1, least >> 2);
  for (let from = step; from + least <= wanted.length; from += step) {
    const start = text.indexOf(wanted.slice(from, from + least));
    if (start >= 0) return { start, end: start + least };
  }
  return null;
}

function markBetween({ nodes, offsets }, start, end) {
  const parts = new Map();
  for (let place = start; place < end; place++) {
    const part = parts.get(nodes[place]);
    if (part) part.end = offsets[place];
    else parts.set(nodes[place], { start: offsets[place], end: offsets[place] });
  }
  return Array.from(parts, ([node, part]) => {
    const range = document.createRange();
    const last = String.fromCodePoint(node.data.codePointAt(part.end)).length;
    range.setStart(node, part.start);
    range.setEnd(node, part.end + last);
    const mark = element("mark", { className: "quote" });
    range.surroundContents(mark);
    return mark;
  });
}
