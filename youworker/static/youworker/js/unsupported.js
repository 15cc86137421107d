// Sentences that no source supports, marked where they stand.
//
// The server knows their offsets in the source, and the page has only what Markdown made of it.
// Marks put into the source would change how it is read (`**`, list items, tables), so a sentence
// is looked for by its letters and digits alone: they are the same before and after rendering,
// whatever stands between them. If it stands there twice, the place is told by the letters before
// it; if it is not found, nothing is marked.
import { element } from "./elements.js";
import { t } from "./i18n.js";
import { lettersOf, readLetters, wrapPlaces } from "./letters.js";
import { render } from "./markdown.js";

// Left out on both sides, for some of them are buttons by now.
const CITATIONS = /\[\d{1,3}\]/g;
const ENDING = /^[^\s\p{L}\p{N}[]*/u;
const LEFT_ALONE = "button, .code-head";
// More marks than this help nobody, and each is looked for.
const MOST = 100;

/**
 * Mark the sentences at these offsets (code points of `source`) in its rendering below `root`;
 * whether all of them were found.
 */
export function markUnsupported(root, unsupported, source) {
  const offsets = codePointOffsets(source);
  let all = unsupported.length <= MOST;
  for (const { start, end } of unsupported.slice(0, MOST)) {
    const sentence = rendered(source.slice(offsets(start), offsets(end)));
    if (!sentence) {
      all = false;
      continue;
    }
    const { letters, places } = readLetters(root, LEFT_ALONE, { blank: withoutCitations });
    const at = nearest(letters, sentence, () => rendered(source.slice(0, offsets(start))).length);
    if (at >= 0) wrap(places.slice(at, at + sentence.length));
    else all = false;
  }
  return all;
}

// Offsets in UTF-16 for offsets in code points.
function codePointOffsets(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (offset) => offset;
  const starts = [];
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) starts.push(at);
  return (offset) => starts[offset] ?? text.length;
}

function rendered(markdown) {
  return lettersOf(withoutCitations(render(markdown).textContent));
}

function withoutCitations(text) {
  return text.replace(CITATIONS, (mark) => " ".repeat(mark.length));
}

function nearest(letters, sentence, expected) {
  const found = [];
  for (let at = letters.indexOf(sentence); at >= 0; at = letters.indexOf(sentence, at + sentence.length)) found.push(at);
  if (found.length < 2) return found[0] ?? -1;
  const wanted = expected();
  return found.reduce((best, at) => (Math.abs(at - wanted) < Math.abs(best - wanted) ? at : best));
}

function wrap(places) {
  const fresh = places.filter(({ node }) => !node.parentElement.closest("mark.unsupported"));
  const make = () => element("mark", { className: "unsupported", title: t("Not found in the sources") });
  // With the full stop.
  wrapPlaces(fresh, make, (node, end) => end + ENDING.exec(node.data.slice(end))[0].length);
}
