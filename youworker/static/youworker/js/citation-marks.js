// `[n]` in an answer: a button that shows the passage, and asks to open it.
import { button, element, textNodes } from "./elements.js";
import { t } from "./i18n.js";

const MARK = /\[(\d{1,3})\]/g;
const LEFT_ALONE = "a, button, pre, code, .math, .code-head, .cite-note";

/** Make buttons of the marks whose citation is known. */
export function markCitations(root, citations) {
  const known = new Map(citations.map((citation) => [citation.index, citation]));
  for (const node of textNodes(root, LEFT_ALONE)) {
    if (!node.data.includes("[")) continue;
    const pieces = splitMarks(node.data, known);
    if (pieces.length > 1 || pieces[0] !== node.data) node.replaceWith(...pieces);
  }
}

function splitMarks(text, known) {
  const pieces = [];
  let from = 0;
  for (const found of text.matchAll(MARK)) {
    const citation = known.get(Number(found[1]));
    if (!citation) continue;
    if (found.index > from) pieces.push(text.slice(from, found.index));
    pieces.push(markOf(citation));
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

function markOf(citation) {
  const doubt = citation.supported === false;
  const place = [citation.title, pageOf(citation), doubt && t("not found in the source")].filter(Boolean).join(", ");
  const made = button(
    {
      className: doubt ? "cite doubtful" : "cite",
      ariaLabel: t("Citation %(index)s: %(place)s", { index: citation.index, place }),
      ariaHasPopup: "dialog",
    },
    () => showNote(made, citation),
    `[${citation.index}]`,
  );
  Object.assign(made.dataset, { test: "citation", index: citation.index });
  return made;
}

function pageOf({ page }) {
  return page ? t("page %(page)s", { page }) : "";
}

// One at a time, above everything, so nothing on the page moves.
function showNote(mark, citation) {
  const ariaLabel = t("Citation %(index)s", { index: citation.index });
  const note = element("div", { className: "cite-note", popover: "auto", role: "dialog", ariaLabel }, ...noteParts(mark, citation));
  (mark.closest("dialog") ?? document.body).append(note);
  const place = () => placeBelow(note, mark);
  note.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    removeEventListener("scroll", place, { capture: true });
    removeEventListener("resize", place);
    note.remove();
  });
  note.showPopover({ source: mark });
  place();
  addEventListener("scroll", place, { capture: true, passive: true });
  addEventListener("resize", place);
}

function noteParts(mark, citation) {
  const where = [citation.heading, pageOf(citation)].filter(Boolean).join(" · ");
  const parts = [element("p", { className: "cite-title", dir: "auto" }, citation.title ?? "")];
  if (where) parts.push(element("p", { className: "hint", dir: "auto" }, where));
  if (citation.supported === false) parts.push(element("p", { className: "badge warn" }, t("Not found in the source")));
  if (citation.quote) parts.push(element("blockquote", { dir: "auto" }, citation.quote));
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
