// The field questions are written in, and how they are sent without ever losing one.
import { button, element, isFocusLost } from "../youworker/js/elements.js";
import { t } from "../youworker/js/i18n.js";
import { randomId } from "../youworker/js/ids.js";
import { fetchPart } from "../youworker/js/partials.js";
import { Attachments } from "./attachments.js";
import { forgetDraft, keepDraft, readDraft, watchDraft } from "./drafts.js";
import { FileDrops } from "./file-drops.js";

const DRAFT_MS = 400;
// What cannot be read is mostly known by then; for the rest the answer waits, not the tab.
const READING_MS = 10_000;
const SAFARI_KEY = 229;
// Browsers look for the direction of each paragraph anew with each of the others: of thousands, for seconds.
const LONG_TEXT = 8_000;
// What the server does not take the first time, it does not take the second time: the text has to change.
const LASTING = new Set([400, 413, 422]);
const onTouch = matchMedia("(hover: none) and (pointer: coarse)");

/** Wires the form of `chat`, which shows what is asked (`chat.showQuestion`, `chat.takeAnswer`, `chat.takeBack`). */
export class Composer {
  #typed = 0;
  #dirty = false;
  // What stands in the field was written in this tab.
  #written = false;
  #sending = false;
  // Asked already, but the files beside it are not read yet.
  #held = false;
  #patience = 0;
  // What stands in the field was said, not written: so is the answer to it.
  #spoken = false;
  // A question that did not get through: asked again with the same key, it is asked once.
  #unsent = null;
  #countdown = 0;

  constructor(chat, form) {
    Object.assign(this, { chat, form, field: form.elements.text, model: form.elements.model });
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.attachments = new Attachments(form.querySelector("[data-attachments]"), () => chat.session, () => this.#filesChanged());
    this.drops = new FileDrops(chat, this);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); }, { signal });
    this.field.addEventListener("keydown", (event) => this.#press(event), { signal });
    this.field.addEventListener("input", () => { fixDirection(this.field); this.#release(); this.#change(); }, { signal });
    this.model?.addEventListener("change", () => this.#change(), { signal });
    addEventListener("pagehide", () => this.#save(), { signal });
    document.addEventListener("yw-signed-in", () => {
      this.attachments.watch();
      if (this.#unsent?.signedOut) this.send();
    }, { signal });
    watchDraft(() => chat.session, (draft) => this.#takeOver(draft), signal);
    growWithText(this.field);
    this.#restore();
    this.#beginThere();
  }

  disconnect() {
    clearTimeout(this.#typed);
    clearInterval(this.#countdown);
    clearTimeout(this.#patience);
    this.listening.abort();
    this.attachments.disconnect();
  }

  get text() {
    return this.field.value;
  }

  set text(text) {
    this.field.value = text;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Note that what stands in the field was said. */
  wasSpoken() {
    this.#spoken = true;
    this.#change();
  }

  get #wantsSound() {
    return Boolean(this.chat.spoken) && (this.#spoken || this.form.elements.speak.checked);
  }

  // Who opens a new conversation wants to write; on a phone, the keyboard would cover what there is to read.
  // Who deleted one may want it back: that is nearer from the beginning of the page.
  #beginThere() {
    const mayUndo = document.querySelector("#toasts form");
    if (!this.chat.session && isFocusLost() && !mayUndo && !onTouch.matches) this.field.focus({ preventScroll: true });
  }

  #press(event) {
    // Outside of the field, plain keys act.
    if (event.key === "Escape" && !event.isComposing && !this.text) return this.field.blur();
    // An input method ends its word with Enter; Safari says that it has ended just before.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === SAFARI_KEY) return;
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || onTouch.matches) return;
    event.preventDefault();
    this.send();
  }

  // Nothing runs with a key but this: the rest waits until somebody pauses.
  #change() {
    this.#dirty = this.#written = true;
    if (!this.text) this.#spoken = false;
    clearTimeout(this.#typed);
    this.#typed = setTimeout(() => this.#save(), DRAFT_MS);
  }

  #filesChanged() {
    this.#change();
    if (!this.#held || this.attachments.areUnread) return;
    if (!this.attachments.haveFailed) return this.send();
    this.#release();
    this.say(t("Not sent: a file could not be read."), { actions: [this.#sendingNow()] });
  }

  // A question beside a file that cannot be read is not sent; one beside a large file is, after a while.
  #hold() {
    if (this.#held) return;
    this.#held = true;
    this.say(t("Sent as soon as the files are read."), { kind: "info", actions: [this.#sendingNow()] });
    const wait = () => {
      if (!this.attachments.areArriving) return this.send({ waiting: false });
      this.#patience = setTimeout(wait, READING_MS);
    };
    this.#patience = setTimeout(wait, READING_MS);
  }

  #release() {
    if (!this.#held) return;
    this.#held = false;
    clearTimeout(this.#patience);
    this.say("");
  }

  #sendingNow() {
    return [t("Send now"), () => this.send({ waiting: false })];
  }

  #save() {
    clearTimeout(this.#typed);
    if (!this.#dirty || this.#sending) return;
    this.#dirty = false;
    keepDraft(this.chat.session, this.#draft());
  }

  #draft(text = this.text, key = this.#keyFor(text)) {
    const { ids, collection } = this.attachments;
    return { text, key, ids: ids.join(), model: this.model?.value, spoken: this.#spoken, files: this.attachments.remembered(), collection };
  }

  // The same question with the same files is the same request.
  #keyFor(text) {
    const former = this.#unsent;
    if (former?.text !== text || former.ids !== this.attachments.ids.join()) return undefined;
    // The wish to hear it is part of the request.
    return former.sound === this.#wantsSound ? former.key : undefined;
  }

  #restore() {
    const draft = readDraft(this.chat.session);
    this.attachments.refer(JSON.parse(this.form.querySelector("#attached-documents")?.textContent || "[]"));
    if (!draft) return;
    // It had arrived before the page was left.
    if (draft.key && draft.text === this.chat.lastQuestion()) return forgetDraft(this.chat.session);
    if (!this.text) this.field.value = draft.text ?? "";
    fixDirection(this.field);
    this.#spoken = Boolean(draft.spoken);
    if (draft.key) this.#unsent = { text: draft.text, key: draft.key, ids: draft.ids ?? "", sound: this.#wantsSound };
    if (this.model && [...this.model.options].some(({ value }) => value === draft.model)) this.model.value = draft.model;
    this.attachments.restore(draft.files ?? [], draft.collection);
    this.#dirty = false;
  }

  // Another tab wrote here, or sent; what is being typed in this one wins.
  #takeOver(draft) {
    if (this.#dirty || this.#sending || (this.#written && document.activeElement === this.field)) return;
    this.#written = false;
    this.field.value = draft?.text ?? "";
  }

  /** Ask what stands in the field, once the files beside it are read, or at once. */
  async send({ waiting = true } = {}) {
    const { text } = this;
    if (this.#sending || !text.trim()) return;
    const sound = this.#wantsSound;
    // At the press of the key, also when files are waited for first.
    if (sound) {
      this.chat.hush();
      this.chat.spoken.expect();
    }
    if (waiting && this.attachments.areUnread) return this.#hold();
    this.#held = false;
    clearTimeout(this.#patience);
    this.#sending = true;
    this.say("");
    const key = this.#keyFor(text) ?? randomId();
    const ids = this.attachments.ids.join();
    // It may have arrived even if the answer does not: a reload must not ask it twice.
    keepDraft(this.chat.session, this.#draft(text, key));
    const body = this.#body(text, key, sound);
    this.field.value = "";
    const shown = this.chat.showQuestion(text, key);
    try {
      const answer = await fetchPart(this.form.action, { method: "POST", body });
      if (sound) this.chat.spoken.follow(answer.headers.get("X-Run-ID"));
      this.#sent(answer, shown);
    } catch (error) {
      this.#failed(error, { text, key, ids, sound }, shown);
    }
  }

  #body(text, key, sound) {
    const body = new FormData(this.form);
    // The token is in a header: the one of the form may be of a session that has ended.
    body.delete("csrfmiddlewaretoken");
    for (const file of this.form.querySelectorAll("[type=file][name]")) body.delete(file.name);
    body.set("text", text);
    body.set("key", key);
    if (sound) body.set("speak", "on");
    else body.delete("speak");
    for (const id of this.attachments.ids) body.append("attachments", id);
    return body;
  }

  #sent(answer, shown) {
    this.#unsent = null;
    this.#spoken = false;
    forgetDraft(this.chat.session);
    this.chat.takeAnswer(answer, shown);
    this.#sending = false;
    this.attachments.settle();
    this.#dirty = true;
    this.#save();
  }

  #failed(error, unsent, shown) {
    this.chat.takeBack(shown);
    this.#sending = false;
    this.#unsent = { ...unsent, signedOut: error.status === 401 };
    // What was typed meanwhile comes behind it.
    this.text = [unsent.text, this.text].filter(Boolean).join("\n\n");
    this.#save();
    this.#sayWhy(error);
  }

  #sayWhy(error) {
    clearInterval(this.#countdown);
    if (error.status === 0) return this.say(t("Not sent: the server cannot be reached."), { again: true });
    if (error.status === 401) return this.say(t("Not sent: you are signed out. It is sent when you have signed in."), { again: true });
    const why = error.detail || t("Not sent: something went wrong.");
    if (error.status !== 429 || !error.retryAfter) return this.say(why, { again: !LASTING.has(error.status) });
    const until = Date.now() + error.retryAfter * 1000;
    const tell = () => {
      const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      const words = seconds ? t("Not sent: too many questions at once. Possible again in %(seconds)s s.", { seconds }) : t("Not sent: too many questions at once.");
      this.say(words, { again: !seconds, quiet: seconds % 10 > 0 });
      if (!seconds) clearInterval(this.#countdown);
    };
    tell();
    this.#countdown = setInterval(tell, 1000);
  }

  /** Say something above the field, with actions: `again` sends, others are `[label, act]`. */
  say(text, { again = false, actions = [], kind = "error", quiet = false } = {}) {
    const place = this.#notice();
    place.replaceChildren();
    place.hidden = !text;
    if (!text) return clearInterval(this.#countdown);
    place.className = `notice ${kind} composer-note`;
    place.role = kind === "error" ? "alert" : "status";
    place.ariaLive = quiet ? "off" : kind === "error" ? "assertive" : "polite";
    const acts = again ? [[t("Try again"), () => this.send()], ...actions] : actions;
    place.append(element("p", {}, text), ...acts.map(([label, act]) => button({}, act, label)));
  }

  #notice() {
    let place = this.form.querySelector(".composer-note");
    if (!place) {
      place = element("div", { className: "notice composer-note" });
      this.form.prepend(place);
    }
    return place;
  }
}

function fixDirection(field) {
  if (field.value.length < LONG_TEXT) field.dir = "auto";
  else if (field.dir === "auto") field.dir = field.matches(":dir(rtl)") ? "rtl" : "ltr";
}

// Browsers that cannot size a field by its content: once a frame, not once a key.
function growWithText(field) {
  if (CSS.supports("field-sizing", "content")) return;
  let asked = 0;
  const fit = () => {
    asked = 0;
    field.style.blockSize = "auto";
    field.style.blockSize = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  };
  field.addEventListener("input", () => { asked ||= requestAnimationFrame(fit); });
}
