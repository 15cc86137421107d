// The library: filters act at once, collections by arrow keys, a list with choices, undoing a deletion, fresh states.
import { tn } from "../youworker/js/i18n.js";
import { lookQuietly } from "../youworker/js/looks.js";
import { UNDO_MS, dismissLater } from "../youworker/js/toast.js";

const LOOK_MS = 4000;
// As many stops of the Tab key as nobody minds.
const FEW = 7;

/** `<yw-filters>`: a choice is applied at once; its button is for those without a module. */
class Filters extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    this.querySelector("[data-apply]").hidden = true;
    form.addEventListener("change", (event) => {
      if (event.target.type !== "search") form.requestSubmit();
    });
    // Empty fields would stand in the address.
    form.addEventListener("formdata", ({ formData }) => {
      for (const [name, value] of [...formData]) {
        if (value) continue;
        const kept = formData.getAll(name).filter(Boolean);
        formData.delete(name);
        for (const each of kept) formData.append(name, each);
      }
    });
  }
}

/** `<yw-results>`: choosing rows, and fetching states again while some are under way. */
class Results extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => this.choose(event));
    this.addEventListener("click", (event) => this.extend(event));
    lookQuietly(this, () => this.removeAttribute("data-pending"));
    this.show();
    this.timer = setInterval(() => this.hasAttribute("data-pending") && this.look(), LOOK_MS);
    this.onRun = () => this.look();
    document.addEventListener("yw-run-finished", this.onRun);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    document.removeEventListener("yw-run-finished", this.onRun);
  }

  get boxes() {
    return [...this.querySelectorAll("input[name=document]")];
  }

  choose({ target }) {
    if (target.matches("[data-all]")) for (const box of this.boxes) box.checked = target.checked;
    this.show();
  }

  /** With Shift a click chooses everything since the last one. */
  extend(event) {
    if (!event.target.matches("input[name=document]")) return;
    const { boxes } = this;
    const now = boxes.indexOf(event.target);
    if (event.shiftKey && this.last !== undefined) {
      const [from, to] = [Math.min(this.last, now), Math.max(this.last, now)];
      for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
      this.show();
    }
    this.last = now;
  }

  show() {
    const batch = this.querySelector("[data-batch]");
    if (!batch) return;
    const { boxes } = this;
    const chosen = boxes.filter((box) => box.checked).length;
    batch.hidden = !chosen;
    batch.querySelector("[data-count]").textContent = tn("%(count)s chosen", "%(count)s chosen", chosen);
    const all = this.querySelector("[data-all]");
    all.hidden = !boxes.length;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }

  async look() {
    const busy = document.hidden || this.boxes.some((box) => box.checked) || this.contains(document.activeElement);
    if (busy) return;
    await globalThis.htmx.ajax("GET", this.dataset.src, { source: this, target: this, swap: "outerMorph" });
    this.show();
  }
}

/** `<yw-undo>`: the way back from a deletion, for ten seconds among the page's messages. */
class Undo extends HTMLElement {
  connectedCallback() {
    if (this.moved) return;
    this.moved = true;
    this.className = "toast";
    document.getElementById("toasts")?.append(this);
    dismissLater(this, UNDO_MS);
  }
}

/** `<yw-shelves>`: many collections are one stop of the Tab key; arrow keys go through them. */
class Shelves extends HTMLElement {
  connectedCallback() {
    this.links = [...this.querySelectorAll("a:not([data-dialog])")];
    if (this.links.length <= FEW) return;
    this.stopAt(this.querySelector("[aria-current]") ?? this.links[0]);
    this.addEventListener("focusin", ({ target }) => this.links.includes(target) && this.stopAt(target));
    this.addEventListener("keydown", (event) => this.go(event));
  }

  stopAt(link) {
    for (const each of this.links) each.tabIndex = each === link ? 0 : -1;
  }

  go(event) {
    const at = this.links.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = this.links.length - 1;
    const to = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.links[to].focus();
  }
}

customElements.define("yw-filters", Filters);
customElements.define("yw-results", Results);
customElements.define("yw-shelves", Shelves);
customElements.define("yw-undo", Undo);
