// Finds a quote in what is shown, and marks it. What is shown may break lines, hyphenate, use
// ligatures or other quotation marks, so only letters and digits are compared.
import { element } from "../youworker/js/elements.js";
import { lettersOf, readLetters, wrapPlaces } from "../youworker/js/letters.js";

const LEFT_ALONE = "button, script, style";
// Less than this share of a quote says nothing about its place.
const ENOUGH = 0.5;
// Shorter than this is found anywhere.
const SHORTEST = 12;

/**
 * Mark a quote below `root`; the marks in order, or none when less than half of it is there.
 * Text within buttons is not looked at.
 */
export function markQuote(root, quote) {
  const { letters, places } = readLetters(root, LEFT_ALONE, { read: significant });
  const found = find(letters, significant(quote));
  if (!found) return [];
  return wrapPlaces(places.slice(found.start, found.end), () => element("mark", { className: "quote" }));
}

/** Take marks away again. */
export function unmark(root) {
  for (const mark of root.querySelectorAll("mark.quote")) {
    const parent = mark.parentNode;
    mark.replaceWith(...mark.childNodes);
    parent.normalize();
  }
}

/** The letters and digits of a text, in one form. */
export function significant(text) {
  return lettersOf(text.normalize("NFKD").toLowerCase());
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
