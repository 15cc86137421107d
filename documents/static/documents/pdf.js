// A PDF by pdf.js: pages are drawn when they come into view and given back when they are far away.
import * as pdfjs from "../vendor/pdfjs/pdf.min.mjs";
import { button, element } from "../youworker/js/elements.js";
import { t } from "../youworker/js/i18n.js";
import { pageHeaders } from "../youworker/js/net.js";
import { markQuote, significant, unmark } from "./locate.js";

const here = (path) => new URL(`../vendor/pdfjs/${path}`, import.meta.url).href;
pdfjs.GlobalWorkerOptions.workerSrc = here("pdf.worker.min.mjs");

const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
// Drawn pages kept in memory; a page of a screen's width takes about 8 MB.
const MOST_DRAWN = 6;
// A passage is a page or so of text, which may be that of many slides.
const MOST_PAGES_OF_PASSAGE = 12;
// Pages are searched one after the other; between them the page stays usable.
const SEARCH_PAUSE_MS = 0;

/**
 * A PDF; `data-src`, and optionally `data-page`, `data-quote` and `data-boxes` to open it at. Boxes are
 * shares of the width and height of a page; without them the quote is looked for.
 */
class PdfViewer extends HTMLElement {
  connectedCallback() {
    if (this.opened) return;
    this.opened = true;
    this.boxes = JSON.parse(this.dataset.boxes || "[]");
    this.build();
    this.open().catch((error) => this.fail(error));
  }

  disconnectedCallback() {
    this.observer?.disconnect();
    this.loading?.destroy();
  }

  build() {
    this.number = element("input", { type: "number", className: "pdf-page", min: "1", value: this.dataset.page || "1", ariaLabel: t("Page") });
    this.total = element("span", { className: "hint" });
    this.find = element("input", { type: "search", ariaLabel: t("Search in the document"), placeholder: t("Search in the document") });
    const bar = element(
      "div",
      { className: "toolbar pdf-bar", role: "toolbar", ariaLabel: t("Document") },
      sign("‹", t("Previous page"), () => this.goTo(this.current - 1)),
      this.number,
      this.total,
      sign("›", t("Next page"), () => this.goTo(this.current + 1)),
      sign("−", t("Smaller"), () => this.zoomBy(-1)),
      sign("+", t("Larger"), () => this.zoomBy(1)),
      this.find,
    );
    this.note = element("p", { className: "hint", role: "status" });
    this.pages = element("div", { className: "pdf-pages", tabIndex: 0, ariaLabel: t("Pages") });
    this.replaceChildren(bar, this.note, this.pages);
    this.number.addEventListener("change", () => this.goTo(Number(this.number.value)));
    this.find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.search(this.find.value, event.shiftKey ? -1 : 1);
    });
    this.note.textContent = t("Loading …");
  }

  async open() {
    this.loading = pdfjs.getDocument({
      url: this.dataset.src,
      httpHeaders: pageHeaders("GET"),
      cMapUrl: here("cmaps/"),
      cMapPacked: true,
      standardFontDataUrl: here("standard_fonts/"),
      wasmUrl: here("wasm/"),
      iccUrl: here("iccs/"),
      isEvalSupported: false,
      disableAutoFetch: true,
      rangeChunkSize: 262144,
    });
    this.pdf = await this.loading.promise;
    this.total.textContent = `/ ${this.pdf.numPages}`;
    this.number.max = String(this.pdf.numPages);
    const first = await this.pdf.getPage(1);
    this.size = first.getViewport({ scale: 1 });
    this.zoom = 0;
    this.layOut();
    this.note.textContent = "";
    const wanted = Math.min(Math.max(1, Number(this.dataset.page) || 1), this.pdf.numPages);
    this.goTo(wanted);
    if (this.dataset.quote) await this.showQuote(wanted);
  }

  // The scale that fits the width, times the chosen zoom.
  get scale() {
    const fitting = Math.max(0.2, (this.pages.clientWidth - 16) / this.size.width);
    return Math.min(fitting, 2) * (this.zoom ? this.zoom : 1);
  }

  layOut() {
    this.observer?.disconnect();
    const { width, height } = this.size;
    const scale = this.scale;
    this.drawn = new Map();
    this.pages.replaceChildren(
      ...Array.from({ length: this.pdf.numPages }, (_, index) => {
        const number = index + 1;
        const page = element("div", { className: "pdf-sheet", role: "region", ariaLabel: t("Page %(number)s", { number }) });
        page.dataset.number = number;
        page.style.width = `${Math.floor(width * scale)}px`;
        page.style.height = `${Math.floor(height * scale)}px`;
        return page;
      }),
    );
    this.observer = new IntersectionObserver((entries) => this.onSeen(entries), { root: this.pages, rootMargin: "60% 0px" });
    for (const page of this.pages.children) this.observer.observe(page);
    this.pages.onscroll ??= () => this.noteCurrent();
  }

  onSeen(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.draw(Number(target.dataset.number));
    }
  }

  noteCurrent() {
    const top = this.pages.scrollTop + this.pages.clientHeight / 2;
    const sheets = this.pages.children;
    let [low, high] = [0, sheets.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (sheets[middle].offsetTop <= top) low = middle;
      else high = middle - 1;
    }
    this.current = low + 1;
    if (document.activeElement !== this.number) this.number.value = String(this.current);
  }

  goTo(number) {
    if (!this.pdf || !Number.isInteger(number)) return;
    this.current = Math.min(Math.max(1, number), this.pdf.numPages);
    this.number.value = String(this.current);
    this.pages.scrollTop = this.pages.children[this.current - 1].offsetTop - 8;
  }

  zoomBy(step) {
    if (!this.pdf) return;
    const now = ZOOMS.indexOf(this.zoom || 1);
    this.zoom = ZOOMS[Math.min(Math.max(0, now + step), ZOOMS.length - 1)];
    const page = this.current;
    this.layOut();
    this.goTo(page);
    if (this.dataset.quote) this.showQuote(Number(this.dataset.page) || 1, { scrolls: false });
  }

  // Draw a page once; the promise says when its text is there.
  draw(number) {
    const known = this.drawn.get(number);
    if (known) {
      this.drawn.delete(number);
      this.drawn.set(number, known);
      return known;
    }
    const work = this.drawPage(number).catch((error) => {
      if (error?.name !== "RenderingCancelledException") console.warn(error);
    });
    this.drawn.set(number, work);
    this.forgetOldest();
    return work;
  }

  forgetOldest() {
    for (const number of this.drawn.keys()) {
      if (this.drawn.size <= MOST_DRAWN) break;
      this.drawn.delete(number);
      this.pages.children[number - 1]?.replaceChildren();
    }
  }

  async drawPage(number) {
    const page = await this.pdf.getPage(number);
    const sheet = this.pages.children[number - 1];
    if (!sheet?.isConnected) return;
    const unscaled = page.getViewport({ scale: 1 });
    const scale = this.scale * (this.size.width / unscaled.width);
    const viewport = page.getViewport({ scale });
    sheet.style.width = `${Math.floor(viewport.width)}px`;
    sheet.style.height = `${Math.floor(viewport.height)}px`;
    sheet.style.setProperty("--scale-factor", String(scale));
    sheet.style.setProperty("--total-scale-factor", String(scale));
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [Math.floor(viewport.width * ratio), Math.floor(viewport.height * ratio)];
    const canvas = element("canvas", { width, height, role: "presentation" });
    const layer = element("div", { className: "textLayer" });
    sheet.replaceChildren(canvas, layer);
    const transform = ratio === 1 ? undefined : [ratio, 0, 0, ratio, 0, 0];
    const text = new pdfjs.TextLayer({ textContentSource: page.streamTextContent(), container: layer, viewport });
    sheet.append(...this.boxesOn(number).map(drawnBox));
    await Promise.all([page.render({ canvas, viewport, transform }).promise, text.render()]);
  }

  boxesOn(number) {
    return this.boxes.filter((box) => box.page === number);
  }

  // Where a quote of a passage may be that begins on a page: there, beside it, or, where pages are
  // as short as slides, many pages on.
  async *placesOfQuote(number) {
    yield* [number, number + 1, number - 1];
    const wanted = significant(this.dataset.quote);
    const last = Math.min(number + MOST_PAGES_OF_PASSAGE, this.pdf.numPages);
    for (let page = number + 2; page <= last; page++) if (await this.says(page, wanted)) yield page;
  }

  async says(number, wanted) {
    const content = await (await this.pdf.getPage(number)).getTextContent();
    return significant(content.items.map((item) => item.str ?? "").join("")).includes(wanted);
  }

  // Mark the quote on its page, or where the passage goes on.
  async showQuote(number, { scrolls = true } = {}) {
    if (this.boxes.length && this.boxes[0].page <= this.pdf.numPages) {
      await this.draw(this.boxes[0].page);
      if (scrolls) this.querySelector(".quote-box")?.scrollIntoView({ block: "center" });
      return;
    }
    for await (const candidate of this.placesOfQuote(number)) {
      if (candidate < 1 || candidate > this.pdf.numPages) continue;
      await this.draw(candidate);
      const layer = this.pages.children[candidate - 1].querySelector(".textLayer");
      const [first] = layer ? markQuote(layer, this.dataset.quote) : [];
      if (!first) continue;
      if (scrolls) first.scrollIntoView({ block: "center" });
      this.note.textContent = "";
      return;
    }
    this.note.textContent = t("The quote was not found on this page word for word.");
  }

  async search(text, direction) {
    const wanted = significant(text);
    if (!wanted || !this.pdf) return;
    const run = (this.searching = Symbol("search"));
    const count = this.pdf.numPages;
    const begin = this.lastFound?.wanted === wanted ? this.lastFound.number + direction : this.current;
    for (let step = 0; step < count; step++) {
      const number = ((begin - 1 + step * direction + 2 * count) % count) + 1;
      const isThere = await this.says(number, wanted);
      if (this.searching !== run) return;
      if (isThere) {
        this.lastFound = { wanted, number };
        await this.showFound(number, text);
        return;
      }
      if (step % 8 === 7) {
        this.note.textContent = t("Searching … page %(number)s", { number });
        await new Promise((resolve) => setTimeout(resolve, SEARCH_PAUSE_MS));
      }
    }
    this.note.textContent = t("“%(text)s” is not in this document.", { text });
  }

  async showFound(number, text) {
    unmark(this.pages);
    this.goTo(number);
    await this.draw(number);
    const layer = this.pages.children[number - 1].querySelector(".textLayer");
    const [first] = layer ? markQuote(layer, text) : [];
    first?.scrollIntoView({ block: "center" });
    this.note.textContent = t("Found on page %(number)s", { number });
  }

  fail(error) {
    const words = {
      PasswordException: t("This PDF is protected by a password. Download it to open it."),
      InvalidPDFException: t("This file is damaged and cannot be shown. Its text may still be readable."),
    };
    if (error?.name === "WorkerTerminated" || !this.isConnected) return;
    this.note.role = "alert";
    this.note.textContent = words[error?.name] ?? t("The document could not be loaded.");
  }
}

// Shares are told to the page, so that a zoom need not move it.
function drawnBox({ left, top, right, bottom }) {
  const box = element("div", { className: "quote-box" });
  const share = (part) => `${part * 100}%`;
  Object.assign(box.style, { left: share(left), top: share(top), width: share(right - left), height: share(bottom - top) });
  return box;
}

function sign(text, name, act) {
  return button({ className: "button icon-only", ariaLabel: name, title: name }, act, text);
}

// A panel that is opened after an upgrade loads the module from another address once more.
if (!customElements.get("yw-pdf")) customElements.define("yw-pdf", PdfViewer);
