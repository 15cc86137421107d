// `<yw-names>`: what is typed becomes a box, at a comma or Enter, that can be unchecked again.

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
    const label = document.createElement("label");
    label.className = "name";
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", name: this.dataset.name, value: text, checked: true });
    const words = document.createElement("span");
    words.textContent = text;
    label.append(box, words);
    this.list.append(label);
  }
}

customElements.define("yw-names", Names);
