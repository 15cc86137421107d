// `<yw-names>`: what is typed becomes a box, at a comma or Enter, that can be unchecked again.
import { element } from "./elements.js";

class Names extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input:not([type])");
    this.list = this.querySelector("[data-names]");
    this.known = new Set([...this.querySelectorAll("option")].map((option) => option.value));
    this.field.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      const isEnd = event.key === "," || (event.key === "Enter" && this.field.value.trim());
      if (!isEnd) return;
      event.preventDefault();
      this.take();
    });
    this.field.addEventListener("input", (event) => {
      // A suggestion that was chosen comes as a whole.
      const chosen = event.inputType === "insertReplacementText" || !event.inputType;
      if (this.field.value.includes(",") || (chosen && this.known.has(this.field.value))) this.take();
    });
  }

  /** Make boxes of what was typed. */
  take() {
    for (const text of this.field.value.split(",")) this.add(text.trim());
    this.field.value = "";
  }

  add(text) {
    const boxes = [...this.list.querySelectorAll("input")];
    const there = boxes.find((box) => box.value === text);
    if (there) there.checked = true;
    if (!text || there) return;
    const box = element("input", { type: "checkbox", name: this.dataset.name, value: text, checked: true });
    this.list.append(element("label", { className: "name" }, box, element("span", {}, text)));
  }
}

customElements.define("yw-names", Names);
