// The document beside the chat, at the passage that a citation names.
import { button, element } from "../youworker/js/elements.js";
import { t } from "../youworker/js/i18n.js";
import { fetchPart, swapIn } from "../youworker/js/partials.js";
import { closeOnBack } from "./back.js";

const STYLE = new URL("../documents/viewer.css", import.meta.url).href;

/** The panel beside `chat`, in which citations are opened. */
export class Citations {
  #opener = null;
  #asked = 0;
  #back = null;

  constructor(chat) {
    this.chat = chat;
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.style = loadStyle();
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && this.#mayClose()) {
        event.preventDefault();
        this.close();
      }
    }, { signal });
    document.addEventListener("click", (event) => {
      const close = event.target.closest?.("[data-close-panel]");
      if (!close || !this.panel?.contains(close)) return;
      event.preventDefault();
      this.close();
    }, { signal });
  }

  disconnect() {
    this.listening.abort();
  }

  get panel() {
    return document.querySelector('[data-test="passage-panel"]');
  }

  // The topmost layer closes first: dialogs and popovers close themselves.
  #mayClose() {
    return this.panel && !this.panel.hidden && !document.querySelector("dialog[open], [popover]:popover-open");
  }

  /** Show a citation's passage in its document, or what is kept of it. */
  async open(citation, opener) {
    const { panel } = this;
    if (!panel) return;
    const asked = (this.#asked += 1);
    this.#opener = opener;
    if (!citation.document_id) return this.#showQuote(citation, t("This document is no longer shared with you."));
    this.#show(element("p", { className: "hint" }, t("Opening the document…")));
    try {
      const [{ text }] = await Promise.all([fetchPart(panelUrl(citation)), this.style]);
      if (asked === this.#asked) swapIn(text, panel);
    } catch (error) {
      if (asked !== this.#asked || error.status === 401) return;
      const gone = error.status === 404 || error.status === 403;
      this.#showQuote(citation, gone ? t("This document is no longer shared with you.") : error.detail || t("The document could not be opened."));
    }
    if (asked === this.#asked && !panel.hidden) this.#focus();
  }

  /** Close the panel; the focus returns to the citation. */
  close() {
    const { panel } = this;
    this.#asked += 1;
    this.#back?.();
    this.#back = null;
    panel.hidden = true;
    panel.replaceChildren();
    const opener = this.#opener;
    this.#opener = null;
    if (opener?.isConnected) opener.focus();
    else this.chat.field?.focus();
  }

  #show(...nodes) {
    const { panel } = this;
    panel.replaceChildren(...nodes);
    panel.hidden = false;
    // On a phone the document covers the page: Back closes it, as it closes dialogs.
    this.#back ??= closeOnBack(() => this.close(), this.listening.signal);
  }

  #focus() {
    (this.panel.querySelector("[autofocus], [data-close-panel]") ?? this.panel).focus();
  }

  #showQuote({ title, page, cells, excerpt }, why) {
    const close = button({ autofocus: true }, () => this.close(), t("Close"));
    const where = page ? t("page %(page)s", { page }) : (cells ?? "");
    this.#show(
      element(
        "section",
        { className: "stored-quote stack" },
        element("h2", { dir: "auto" }, title ?? ""),
        ...(where ? [element("p", { className: "hint" }, where)] : []),
        element("p", { className: "notice warning" }, why),
        element("blockquote", { dir: "auto" }, excerpt ?? ""),
        element("div", { className: "actions" }, close),
      ),
    );
    this.#focus();
  }
}

// Documents are read without it, too, where it cannot be loaded.
function loadStyle() {
  const link = element("link", { rel: "stylesheet", href: STYLE });
  const loaded = new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
  });
  document.head.append(link);
  return loaded;
}

function panelUrl({ document_id: id, chunk_id: chunk, start, end }) {
  const query = new URLSearchParams();
  if (chunk) query.set("chunk", chunk);
  // The quote by its offsets: what somebody reads does not belong into an address.
  if (end > start) {
    query.set("start", start);
    query.set("end", end);
  }
  return `/documents/${id}/panel?${query}`;
}
