// `[n]` in an answer: a button that shows the passage, and asks to open it.
import { button, element, textNodes } from "./elements.js";
import { t } from "./i18n.js";

const MARK = /\[(\d{1,3})\]/g;
const WORDS = /[\p{L}\p{N}]/u;
const LEFT_ALONE = "a, button, pre, code, .math, .code-head, .cite-note";

/**
 * Make buttons of the marks whose citation is known. One that does not support everything it stands
 * for is doubtful where a sentence was marked as unsupported; everywhere, if none of its sentences
 * was, or if not all of them were found (`isJudged`).
 */
export function markCitations(root, citations, { isJudged = false } = {}) {
  const known = new Map(citations.map((citation) => [citation.index, citation]));
  const places = textNodes(root, LEFT_ALONE).flatMap((node) => {
    const marks = [...node.data.matchAll(MARK)].filter((mark) => known.has(Number(mark[1])));
    return marks.length ? [{ node, marks: marks.map((mark) => placeOf(mark, node, known)) }] : [];
  });
  const told = new Set(places.flatMap(({ marks }) => marks.filter(({ unsupported }) => unsupported).map(({ citation }) => citation)));
  for (const { node, marks } of places) {
    const doubts = ({ citation, unsupported }) => citation.supported === false && (unsupported || !isJudged || !told.has(citation));
    node.replaceWith(...splitMarks(node.data, marks.map((mark) => ({ ...mark, doubt: doubts(mark) }))));
  }
}

function placeOf(mark, node, known) {
  return { citation: known.get(Number(mark[1])), start: mark.index, end: mark.index + mark[0].length, unsupported: isUnsupported(node, mark.index) };
}

// Whether the words before a place, which are those its mark stands for, were marked.
function isUnsupported(node, end) {
  const block = node.parentElement.closest("p, li, td, th, h3, h4, h5, h6, blockquote, .md");
  const walker = document.createTreeWalker(block ?? node.parentElement, NodeFilter.SHOW_TEXT);
  walker.currentNode = node;
  for (let before = node.data.slice(0, end), at = node; at; at = walker.previousNode(), before = at?.data) {
    if (WORDS.test(before.replace(MARK, ""))) return Boolean(at.parentElement.closest("mark.unsupported"));
  }
  return false;
}

function splitMarks(text, marks) {
  const pieces = [];
  let from = 0;
  for (const { citation, start, end, doubt } of marks) {
    if (start > from) pieces.push(text.slice(from, start));
    pieces.push(markOf(citation, doubt));
    from = end;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

function markOf(citation, doubt) {
  const place = [citation.title, pageOf(citation), doubt && t("not found in the source")].filter(Boolean).join(", ");
  const made = button(
    {
      className: doubt ? "cite doubtful" : "cite",
      ariaLabel: t("Citation %(index)s: %(place)s", { index: citation.index, place }),
      ariaHasPopup: "dialog",
    },
    () => showNote(made, citation, doubt),
    `[${citation.index}]`,
  );
  Object.assign(made.dataset, { test: "citation", index: citation.index });
  return made;
}

function pageOf({ page }) {
  return page ? t("page %(page)s", { page }) : "";
}

// One at a time, above everything, so nothing on the page moves.
function showNote(mark, citation, doubt) {
  const ariaLabel = t("Citation %(index)s", { index: citation.index });
  const note = element("div", { className: "cite-note", popover: "auto", role: "dialog", ariaLabel }, ...noteParts(mark, citation, doubt));
  (mark.closest("dialog") ?? document.body).append(note);
  const place = () => placeBelow(note, mark);
  note.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    removeEventListener("scroll", place, { capture: true });
    removeEventListener("resize", place);
    note.remove();
  });
  note.showPopover({ source: mark });
  const quote = note.querySelector("blockquote");
  // It can be scrolled, so it has to be reached by keyboard.
  if (quote && quote.scrollHeight > quote.clientHeight) quote.tabIndex = 0;
  place();
  addEventListener("scroll", place, { capture: true, passive: true });
  addEventListener("resize", place);
}

function noteParts(mark, citation, doubt) {
  // The first heading of many a text is its title, which stands there already.
  const heading = citation.heading === citation.title ? "" : citation.heading;
  const where = [heading, pageOf(citation)].filter(Boolean).join(" · ");
  const parts = [element("p", { className: "cite-title", dir: "auto" }, citation.title ?? "")];
  if (where) parts.push(element("p", { className: "hint", dir: "auto" }, where));
  if (doubt) parts.push(element("p", { className: "badge warn" }, t("Not found in the source")));
  if (citation.excerpt) parts.push(element("blockquote", citation.is_code ? { className: "code" } : { dir: "auto" }, citation.excerpt));
  const hide = () => close.closest("[popover]").hidePopover();
  const close = button({ className: "button quiet", autofocus: true }, hide, t("Close"));
  const actions = element("div", { className: "actions" }, close);
  parts.push(actions);
  if (!citation.document_id) {
    parts.splice(-1, 0, element("p", { className: "hint" }, t("This document is no longer shared with you.")));
    return parts;
  }
  const open = () => {
    hide();
    mark.dispatchEvent(new CustomEvent("yw-open-citation", { bubbles: true, detail: citation }));
  };
  close.autofocus = false;
  actions.append(button({ className: "button primary", autofocus: true }, open, t("Open document")));
  return parts;
}

const MARGIN = 8;

function placeBelow(note, mark) {
  if (!mark.isConnected) return note.hidePopover();
  const { left, top, bottom } = mark.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = note;
  const below = bottom + MARGIN;
  const fits = below + height + MARGIN <= innerHeight || top < height + MARGIN;
  // By properties: our policy forbids style attributes in markup.
  // Without the room that is kept for a scroll bar.
  const { clientWidth } = document.body;
  note.style.left = `${Math.max(MARGIN, Math.min(left, clientWidth - width - MARGIN))}px`;
  note.style.top = `${Math.max(MARGIN, fits ? Math.min(below, innerHeight - height - MARGIN) : top - height - MARGIN)}px`;
}
