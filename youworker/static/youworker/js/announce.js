// What a screen reader is told besides what is seen: whole sentences and blocks at a pace that can be followed.
import { element } from "./elements.js";

const PACE_MS = 1500;
const LONGEST = 600;

/** A polite region in `parent`. */
export class Announcer {
  #waiting = [];
  #timer = 0;

  constructor(parent) {
    this.region = element("div", { className: "visually-hidden", role: "status", ariaLive: "polite" });
    parent.append(this.region);
  }

  /** Say a text when its turn has come. */
  say(text) {
    const words = text.replace(/\s+/g, " ").trim();
    if (!words) return;
    this.#waiting.push(words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words);
    if (!this.#timer) this.#next();
  }

  /** Forget what waits. */
  hush() {
    this.#waiting.length = 0;
  }

  remove() {
    clearTimeout(this.#timer);
    this.region.remove();
  }

  #next() {
    const text = this.#waiting.shift();
    this.#timer = text === undefined ? 0 : setTimeout(() => this.#next(), PACE_MS);
    if (text !== undefined) this.region.textContent = text;
  }
}
