// Answers that are heard while they are made: sentence after sentence, in the tab that asked for it.
import { t } from "../youworker/js/i18n.js";
import { remember, remembered } from "../youworker/js/memory.js";
import { RUN, WISH } from "./wishes.js";

/** Plays the `audio` events of one run; `button` ends it, or begins it where the browser waits to be asked. */
export class SpokenAnswer {
  #context = null;
  #run = remembered("sessionStorage", RUN);
  #sentences = [];
  #source = null;
  // Another one for every answer: what was begun for an earlier one notices.
  #turn = 0;
  #playing = false;

  constructor(button, wish) {
    Object.assign(this, { button, wish });
    this.listening = new AbortController();
    const { signal } = this.listening;
    button.addEventListener("click", () => this.#press(), { signal });
    // Ticked while this was loading: it is meant.
    if (wish.checked) this.#wish();
    else wish.checked = remembered("localStorage", WISH) === "on";
    wish.addEventListener("change", () => {
      this.#wish();
      if (!wish.checked) this.hush();
    }, { signal });
  }

  disconnect() {
    this.listening.abort();
    this.#silence();
    this.#context?.close();
    this.#context = null;
  }

  /** Make ready to play: browsers let a page begin that only while somebody presses a button or a key. */
  expect() {
    this.hush();
    try {
      this.#open().resume().catch(() => {});
    } catch {
      // There is no way to be heard here: the answer is read.
    }
  }

  /** Play what this run says. */
  follow(run) {
    this.#run = run;
    remember("sessionStorage", RUN, run);
  }

  /** Whether this run is heard here. */
  follows(run) {
    return Boolean(run) && run === this.#run;
  }

  /** Play a sentence of a run, behind those that wait. */
  hear(run, { data }) {
    if (!this.follows(run)) return;
    this.#sentences.push(data);
    this.#play();
  }

  /** Be silent, and play nothing more of this answer. */
  hush() {
    this.#run = "";
    remember("sessionStorage", RUN, "");
    this.#silence();
  }

  #wish() {
    remember("localStorage", WISH, this.wish.checked ? "on" : "");
  }

  #silence() {
    this.#turn += 1;
    this.#playing = false;
    this.#sentences = [];
    this.#source?.stop();
    this.#source = null;
    this.#show();
  }

  #press() {
    if (this.#context && this.#context.state !== "running") this.#context.resume().catch(() => {});
    else this.hush();
  }

  #open() {
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#context.addEventListener("statechange", () => this.#show());
    }
    return this.#context;
  }

  async #play() {
    if (this.#playing) return;
    const turn = this.#turn;
    this.#playing = true;
    this.#show();
    while (turn === this.#turn && this.#sentences.length) {
      const sound = await this.#decode(this.#sentences.shift());
      // One that cannot be played is left out.
      if (sound && turn === this.#turn) await this.#sound(sound);
    }
    if (turn !== this.#turn) return;
    this.#playing = false;
    this.#show();
  }

  async #decode(data) {
    try {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      return await this.#open().decodeAudioData(bytes.buffer);
    } catch {
      return null;
    }
  }

  // Where the browser waits to be asked, it is silent until then, and ends after that.
  #sound(sound) {
    return new Promise((end) => {
      const source = this.#context.createBufferSource();
      source.buffer = sound;
      source.connect(this.#context.destination);
      source.addEventListener("ended", end, { once: true });
      this.#source = source;
      source.start();
    });
  }

  #show() {
    const { button } = this;
    const waits = this.#context?.state !== "running";
    const label = waits ? t("Listen to the answer") : t("Stop reading aloud");
    button.hidden = !this.#playing;
    button.title = label;
    button.setAttribute("aria-label", label);
    button.setAttribute("aria-pressed", String(this.#playing && !waits));
  }
}
