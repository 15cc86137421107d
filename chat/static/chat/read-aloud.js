// Answers read aloud: one at a time, until its end or the button is pressed again.
import { t } from "../youworker/js/i18n.js";
import { request } from "../youworker/js/net.js";
import { sayError } from "../youworker/js/partials.js";

/** Plays what the buttons below `chat` name. */
export class ReadingAloud {
  #button = null;
  #player = null;

  constructor(chat) {
    this.listening = new AbortController();
    chat.addEventListener("click", (event) => {
      const button = event.target.closest("[data-read-aloud]");
      if (button) this.press(button);
    }, { signal: this.listening.signal });
  }

  disconnect() {
    this.listening.abort();
    this.stop();
  }

  /** Read what a button names, or stop when that is being read. */
  press(button) {
    const again = button === this.#button;
    this.stop();
    if (!again) this.#begin(button);
  }

  /** Be silent. */
  stop() {
    const player = this.#player;
    this.#player = null;
    if (player) {
      player.pause();
      // The server stops making what nobody hears.
      player.removeAttribute("src");
      player.load();
    }
    this.#mark(false);
    this.#button = null;
  }

  #begin(button) {
    const player = new Audio(button.dataset.readAloud);
    this.#player = player;
    this.#button = button;
    this.#mark(true);
    player.addEventListener("ended", () => player === this.#player && this.stop());
    player.addEventListener("error", () => player === this.#player && this.#sayWhy(button));
    player.play().catch((error) => {
      if (player !== this.#player || error.name === "AbortError" || player.error) return;
      this.stop();
      sayError({ status: 1, detail: t("The browser does not play sound here.") });
    });
  }

  // A player does not tell what the server said.
  async #sayWhy(button) {
    this.stop();
    const asked = new AbortController();
    try {
      await request("GET", button.dataset.readAloud, { signal: asked.signal });
      asked.abort();
      sayError({ status: 1, detail: t("This answer cannot be read aloud.") });
    } catch (error) {
      sayError(error);
    }
  }

  #mark(isReading) {
    const button = this.#button;
    if (!button) return;
    button.setAttribute("aria-pressed", String(isReading));
    button.setAttribute("aria-label", isReading ? t("Stop reading aloud") : t("Read aloud"));
  }
}
