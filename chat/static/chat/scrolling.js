// Where the view stands while an answer grows. Only people let go of the end or take hold of it.

const NEAR = 24;
const SAME = 2;
export const Holding = { FREE: "free", QUESTION: "question", END: "end" };

/**
 * Keeps a scrolled element at its end (`END`), at its end until a question has reached the top
 * (`QUESTION`), or where it is (`FREE`). `onChange` is called when that, or what is below, changes.
 */
export class View {
  #expected = -1;
  #question = null;
  holding = Holding.FREE;

  constructor(scroller, onChange = () => {}) {
    this.scroller = scroller;
    this.onChange = onChange;
    this.target = scroller === document.scrollingElement ? document : scroller;
    this.listening = new AbortController();
    this.target.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal: this.listening.signal });
    // The composer grows, the keyboard comes, the window changes.
    this.sizes = new ResizeObserver(() => this.keep());
    this.sizes.observe(scroller);
  }

  disconnect() {
    this.listening.abort();
    this.sizes.disconnect();
  }

  /** How much there is below what is seen. */
  get below() {
    return this.#end - this.scroller.scrollTop;
  }

  get #end() {
    return this.scroller.scrollHeight - this.scroller.clientHeight;
  }

  /** Stay at the end from now on, and go there. */
  holdEnd() {
    this.#hold(Holding.END, null);
  }

  /** Stay at the end until `question` stands at the top. */
  holdQuestion(question) {
    this.#hold(Holding.QUESTION, question);
  }

  /** Stay where it is. */
  letGo() {
    this.#set(Holding.FREE);
  }

  #hold(holding, question) {
    this.#question = question;
    this.#set(holding);
    this.keep();
  }

  #set(holding) {
    this.holding = holding;
    // The browser's own corrections would look like somebody's scrolling.
    this.scroller.classList.toggle("held", holding !== Holding.FREE);
    this.onChange(this);
  }

  /** After the content has changed: stand where we should. */
  keep() {
    if (this.holding !== Holding.FREE) {
      const end = this.#end;
      this.#write(this.holding === Holding.QUESTION ? Math.min(end, this.#questionTop(end)) : end);
    }
    this.onChange(this);
  }

  #questionTop(otherwise) {
    if (!this.#question?.isConnected) return otherwise;
    return this.#topOf(this.#question);
  }

  #topOf(element) {
    const margin = parseFloat(getComputedStyle(element).scrollMarginTop) || 0;
    return Math.max(0, element.getBoundingClientRect().top - this.#ownTop() + this.scroller.scrollTop - margin);
  }

  #ownTop() {
    return this.target === document ? 0 : this.scroller.getBoundingClientRect().top;
  }

  #write(top) {
    if (Math.abs(this.scroller.scrollTop - top) > SAME) this.scroller.scrollTo({ top, behavior: "instant" });
    // What it became: browsers round, and stop at the end.
    this.#expected = this.scroller.scrollTop;
  }

  /** Show an element at the top, and rest there. */
  show(element) {
    this.letGo();
    this.#write(Math.min(this.#end, this.#topOf(element)));
  }

  /** Change what is above without moving what is seen: `anchor` stays where it is. */
  keepPlace(anchor, change) {
    const before = anchor.getBoundingClientRect().top;
    this.scroller.classList.add("held");
    change();
    const moved = anchor.getBoundingClientRect().top - before;
    if (moved) this.#write(this.scroller.scrollTop + moved);
    this.scroller.classList.toggle("held", this.holding !== Holding.FREE);
  }

  #scrolled() {
    const { scrollTop } = this.scroller;
    const from = this.#expected;
    if (Math.abs(scrollTop - from) <= SAME) return;
    this.#expected = scrollTop;
    const end = this.#end;
    if (scrollTop < from && from > end + SAME) {
      // The content became shorter, and the browser followed.
      this.onChange(this);
    } else if (scrollTop > from && end - scrollTop <= NEAR) {
      if (this.holding !== Holding.END) this.#set(Holding.END);
    } else if (this.holding !== Holding.FREE) {
      this.letGo();
    } else {
      this.onChange(this);
    }
  }
}

/** What scrolls an element: the nearest ancestor that does, else the page. */
export function scrollerOf(element) {
  for (let parent = element; parent && parent !== document.body; parent = parent.parentElement) {
    const { overflowY } = getComputedStyle(parent);
    if (overflowY === "auto" || overflowY === "scroll") return parent;
  }
  return document.scrollingElement;
}
