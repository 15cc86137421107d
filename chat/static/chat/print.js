// A conversation on paper, or as a PDF: the browser's own way to print, once all is in its place.
import { enhance } from "../youworker/js/enhance.js";
import { render } from "../youworker/js/markdown.js";

const paper = document.querySelector("[data-paper]");
paper.replaceChildren(render(paper.textContent));
paper.dataset.rendered = "";
await enhance(paper);
document.querySelector("[data-print]").addEventListener("click", () => print());
print();
