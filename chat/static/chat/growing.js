// Markdown that grows: what is finished stays as it is, and only the end is read again.
import { blocks } from "../youworker/js/markdown.js";
import { morphChildren } from "./morph.js";

// The last block is still being written. A half-written last line can look like a block of its own
// and turn out to belong to the one before (`#` becomes `#tag`), so that one is not finished either.
const UNFINISHED = 2;
const ENDS_FENCE = /^ {0,3}(?:`{3,}|~{3,})[ \t]*$/m;

/** Shows a growing source in `element`; `onFinished(block)` gets each finished block once. */
export class Growing {
  #shown = "";
  // So much of the source, and so many of the children, are finished.
  #finished = 0;
  #count = 0;
  // The text node of an open code fence at the end, where what comes is appended, and how much of
  // the source it shows.
  #fence = null;
  #fenceEnd = 0;

  constructor(element, onFinished = () => {}) {
    this.element = element;
    this.onFinished = onFinished;
  }

  /** Show the source as it is now. */
  show(text) {
    const source = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
    if (source === this.#shown && this.#shown) return;
    if (!source.startsWith(this.#shown.slice(0, this.#finished))) this.#restart();
    if (!this.#appendToFence(source)) this.#parse(source);
    this.#shown = source;
  }

  /** Show the source as it stays. */
  finish(text) {
    this.show(text);
    for (const block of [...this.element.children].slice(this.#count)) this.onFinished(block);
    this.#finished = this.#shown.length;
    this.#count = this.element.childNodes.length;
    this.#fence = null;
  }

  // Text was taken back, or is another's.
  #restart() {
    this.#finished = this.#count = 0;
    this.#fence = null;
  }

  #parse(source) {
    const tail = source.slice(this.#finished);
    const found = blocks(tail);
    morphChildren(this.element, found.map((block) => block.fragment.firstElementChild), undefined, this.#count);
    this.#finish(tail, found);
    const last = found.at(-1);
    const node = last?.code?.open && !/^ /.test(tail.split("\n")[last.start]) ? this.element.lastElementChild.querySelector("code") : null;
    this.#fence = node && last.code.text ? node.firstChild : null;
    this.#fenceEnd = visibleEnd(source);
  }

  #finish(tail, found) {
    const last = found[found.length - UNFINISHED];
    if (found.length <= UNFINISHED || !last) return;
    const blocksNow = [...this.element.children].slice(this.#count, this.#count + found.length - UNFINISHED);
    this.#finished += offsetOfLine(tail, last.start);
    this.#count += blocksNow.length;
    for (const block of blocksNow) this.onFinished(block);
  }

  #appendToFence(source) {
    if (!this.#fence || !source.startsWith(this.#shown)) return false;
    const line = source.lastIndexOf("\n", this.#fenceEnd - 1) + 1;
    const end = visibleEnd(source);
    const added = source.slice(this.#fenceEnd, end);
    if (added.includes("\0") || ENDS_FENCE.test(source.slice(line))) return false;
    this.#fence.appendData(added);
    this.#fenceEnd = end;
    return true;
  }
}

// Blanks at the end of a text are no line of code yet.
function visibleEnd(source) {
  const line = source.lastIndexOf("\n") + 1;
  return source.slice(line).trim() ? source.length : line;
}

function offsetOfLine(text, line) {
  let at = 0;
  for (let left = line; left > 0; left -= 1) at = text.indexOf("\n", at) + 1;
  return at;
}
