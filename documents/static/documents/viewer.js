// The viewer of a document: text with the quote marked, and PDFs (loaded when there is one).
import { render } from "../youworker/js/markdown.js";
import { enhance } from "../youworker/js/enhance.js";
import { markQuote } from "./locate.js";

/** The text of a document; `data-source` says that it is Markdown. */
class DocumentText extends HTMLElement {
  async connectedCallback() {
    if (this.shown) return;
    this.shown = true;
    if ("source" in this.dataset) {
      this.replaceChildren(render(this.textContent));
      await enhance(this);
    }
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

customElements.define("yw-text", DocumentText);
if (document.querySelector("yw-pdf")) import("./pdf.js");
new MutationObserver((_, observer) => {
  if (!document.querySelector("yw-pdf")) return;
  observer.disconnect();
  import("./pdf.js");
}).observe(document.body, { childList: true, subtree: true });
