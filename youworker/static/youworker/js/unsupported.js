// Sentences that no source supports, marked where they stand.
//
// The server knows their offsets in the source, and the page has only what Markdown made of it.
// Marks put into the source would change how it is read (`**`, list items, tables), so a sentence
// is looked for by its letters and digits alone: they are the same before and after rendering,
// whatever stands between them. If it stands there twice, the place is told by the letters before
// it; if it is not found, nothing is marked.
import { element, textNodes } from "./elements.js";
import { t } from "./i18n.js";
import { render } from "./markdown.js";

const COUNTS = /[\p{L}\p{N}]/u;
// Left out on both sides, for some of them are buttons by now.
const CITATIONS = /\[\d{1,3}\]/g;
const ENDING = /^[^\s\p{L}\p{N}[]*/u;
const LEFT_ALONE = "button, .code-head";
// More marks than this help nobody, and each is looked for.
const MOST = 100;

/** Mark the sentences at these offsets (code points of `source`) in its rendering below `root`. */
export function markUnsupported(root, unsupported, source) {
  const offsets = codePointOffsets(source);
  for (const { start, end } of unsupported.slice(0, MOST)) {
    const sentence = lettersOf(source.slice(offsets(start), offsets(end)));
    if (!sentence) continue;
    const { letters, places } = readLetters(root);
    const at = nearest(letters, sentence, () => lettersOf(source.slice(0, offsets(start))).length);
    if (at >= 0) wrap(places.slice(at, at + sentence.length));
  }
}

// Offsets in UTF-16 for offsets in code points.
function codePointOffsets(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (offset) => offset;
  const starts = [];
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) starts.push(at);
  return (offset) => starts[offset] ?? text.length;
}

function lettersOf(markdown) {
  return [...withoutCitations(render(markdown).textContent)].filter((letter) => COUNTS.test(letter)).join("");
}

function withoutCitations(text) {
  return text.replace(CITATIONS, (mark) => " ".repeat(mark.length));
}

// The letters below `root` with the node and the offset of each unit.
function readLetters(root) {
  let letters = "";
  const places = [];
  for (const node of textNodes(root, LEFT_ALONE)) {
    let offset = 0;
    for (const letter of withoutCitations(node.data)) {
      if (COUNTS.test(letter)) {
        letters += letter;
        for (let unit = 0; unit < letter.length; unit += 1) places.push({ node, offset, end: offset + letter.length });
      }
      offset += letter.length;
    }
  }
  return { letters, places };
}

function nearest(letters, sentence, expected) {
  const found = [];
  for (let at = letters.indexOf(sentence); at >= 0; at = letters.indexOf(sentence, at + sentence.length)) found.push(at);
  if (found.length < 2) return found[0] ?? -1;
  const wanted = expected();
  return found.reduce((best, at) => (Math.abs(at - wanted) < Math.abs(best - wanted) ? at : best));
}

function wrap(places) {
  const ranges = new Map();
  for (const { node, offset, end } of places) {
    const range = ranges.get(node);
    if (range) range.end = end;
    else ranges.set(node, { offset, end });
  }
  for (const [node, { offset, end }] of ranges) {
    if (node.parentElement.closest("mark.unsupported")) continue;
    const middle = node.splitText(offset);
    // With the full stop.
    middle.splitText(end - offset + ENDING.exec(middle.data.slice(end - offset))[0].length);
    const mark = element("mark", { className: "unsupported", title: t("Not found in the sources") });
    middle.replaceWith(mark);
    mark.append(middle);
  }
}
