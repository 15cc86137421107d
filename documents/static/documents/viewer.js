// The viewer of a document: its text with the quote marked.
import { render } from "../youworker/js/markdown.js";
import { enhance } from "../youworker/js/enhance.js";
import { markQuote } from "./locate.js";
import "./recording.js";

/** The text of a document; `data-source` says of it, or of parts of it, that they are Markdown. */
class DocumentText extends HTMLElement {
  async connectedCallback() {
    if (this.shown) return;
    this.shown = true;
    const sources = "source" in this.dataset ? [this] : [...this.querySelectorAll("[data-source]")];
    for (const source of sources) source.replaceChildren(render(source.textContent));
    // Beside a conversation what is not rendered yet is shown as its source.
    for (const shown of [this, ...sources]) shown.dataset.rendered = "";
    if (sources.length) await enhance(this);
    this.showQuote();
  }

  showQuote() {
    const quote = this.dataset.quote;
    if (!quote) return;
    const [first] = markQuote(this, quote);
    first?.scrollIntoView({ block: "center" });
    const note = this.parentElement?.querySelector("[data-not-found]");
    if (note) note.hidden = Boolean(first);
  }
}

if (!customElements.get("yw-text")) customElements.define("yw-text", DocumentText);
