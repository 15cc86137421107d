// `<yw-one-stop>`: many links or boxes are one stop of the Tab key; arrow keys go through them.

// As many stops as nobody minds.
const FEW = 7;
const PAGE = 10;

class OneStop extends HTMLElement {
  connectedCallback() {
    this.stops = [...this.querySelectorAll("a:not([data-dialog]), input[type=checkbox]")];
    if (this.stops.length <= FEW) return;
    this.stopAt(this.querySelector("[aria-current], :checked") ?? this.stops[0]);
    this.addEventListener("focusin", ({ target }) => this.stops.includes(target) && this.stopAt(target));
    this.addEventListener("keydown", (event) => this.go(event));
  }

  stopAt(stop) {
    for (const each of this.stops) each.tabIndex = each === stop ? 0 : -1;
  }

  go(event) {
    const at = this.stops.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = this.stops.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + PAGE, PageUp: at - PAGE, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.stops[Math.min(Math.max(to, 0), last)].focus();
  }
}

customElements.define("yw-one-stop", OneStop);
