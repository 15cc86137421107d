// `[n]` in an answer: a button that shows the passage, and asks to open it.
import { element, textNodes } from "./elements.js";
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
    pieces.push(mark(citation));
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

function mark(citation) {
  const button = element("button", { type: "button", className: "cite" }, `[${citation.index}]`);
  button.dataset.test = "citation";
  button.dataset.index = citation.index;
  const doubt = citation.supported === false;
  button.classList.toggle("doubtful", doubt);
  const place = [citation.title, pageOf(citation), doubt && t("not found in the source")].filter(Boolean).join(", ");
  button.setAttribute("aria-label", t("Citation %(index)s: %(place)s", { index: citation.index, place }));
  button.setAttribute("aria-haspopup", "dialog");
  button.addEventListener("click", () => showNote(button, citation));
  return button;
}

function pageOf({ page }) {
  return page ? t("page %(page)s", { page }) : "";
}

// One at a time, above everything, so nothing on the page moves.
function showNote(button, citation) {
  const note = element("div", { className: "cite-note", popover: "auto" }, ...noteParts(button, citation));
  note.setAttribute("role", "dialog");
  note.setAttribute("aria-label", t("Citation %(index)s", { index: citation.index }));
  (button.closest("dialog") ?? document.body).append(note);
  const place = () => placeBelow(note, button);
  note.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    removeEventListener("scroll", place, { capture: true });
    removeEventListener("resize", place);
    note.remove();
  });
  note.showPopover({ source: button });
  place();
  addEventListener("scroll", place, { capture: true, passive: true });
  addEventListener("resize", place);
}

function noteParts(button, citation) {
  const where = [citation.heading, pageOf(citation)].filter(Boolean).join(" · ");
  const parts = [element("p", { className: "cite-title", dir: "auto" }, citation.title ?? "")];
  if (where) parts.push(element("p", { className: "hint", dir: "auto" }, where));
  if (citation.supported === false) parts.push(element("p", { className: "badge warn" }, t("Not found in the source")));
  if (citation.quote) parts.push(element("blockquote", { dir: "auto" }, citation.quote));
  const close = element("button", { type: "button", className: "button quiet", autofocus: true }, t("Close"));
  close.addEventListener("click", () => close.closest("[popover]").hidePopover());
  const actions = element("div", { className: "actions" }, close);
  parts.push(actions);
  if (!citation.document_id) {
    parts.splice(-1, 0, element("p", { className: "hint" }, t("This document is no longer shared with you.")));
    return parts;
  }
  const open = element("button", { type: "button", className: "button primary", autofocus: true }, t("Open document"));
  close.autofocus = false;
  open.addEventListener("click", () => {
    open.closest("[popover]").hidePopover();
    button.dispatchEvent(new CustomEvent("yw-open-citation", { bubbles: true, detail: citation }));
  });
  actions.append(open);
  return parts;
}

const MARGIN = 8;

function placeBelow(note, button) {
  if (!button.isConnected) return note.hidePopover();
  const { left, top, bottom } = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = note;
  const below = bottom + MARGIN;
  const fits = below + height + MARGIN <= innerHeight || top < height + MARGIN;
  // By properties: our policy forbids style attributes in markup.
  // Without the room that is kept for a scroll bar.
  const { clientWidth } = document.body;
  note.style.left = `${Math.max(MARGIN, Math.min(left, clientWidth - width - MARGIN))}px`;
  note.style.top = `${Math.max(MARGIN, fits ? Math.min(below, innerHeight - height - MARGIN) : top - height - MARGIN)}px`;
}
