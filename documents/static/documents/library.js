// The library: filters act at once, a list with choices, undoing a deletion, fresh states.
import { tn } from "../youworker/js/i18n.js";
import { lookQuietly } from "../youworker/js/looks.js";
import { UNDO_MS, dismissLater } from "../youworker/js/toast.js";

const LOOK_MS = 4000;

/** `<yw-filters>`: a choice is applied at once; its button is for those without a module, and for the keyboard. */
class Filters extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    const apply = this.querySelector("[data-apply]");
    let changed = null;
    let isPassing = false;
    apply.hidden = true;
    // Keys in a closed list choose whatever they pass: Enter or the button says which of it is meant.
    form.addEventListener("keydown", (event) => {
      const isList = event.target.matches("select");
      isPassing = isList && !["Enter", " "].includes(event.key) && !event.altKey;
      if (!isList || event.key !== "Enter" || apply.hidden) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("pointerdown", () => { isPassing = false; });
    form.addEventListener("change", ({ target }) => {
      if (target.type === "search") return;
      changed = target;
      if (isPassing) apply.hidden = false;
      else form.requestSubmit();
    });
    form.addEventListener("submit", () => { form.dataset.return = (form.querySelector(":focus:not(button)") ?? changed)?.id ?? ""; });
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

customElements.define("yw-filters", Filters);
customElements.define("yw-results", Results);
customElements.define("yw-undo", Undo);
