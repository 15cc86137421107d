// Questions that are spoken: the button is held, by mouse, finger or key, and what was said is written into the field.
import { t } from "../youworker/js/i18n.js";
import { call } from "../youworker/js/net.js";
import { HOLDING } from "./wishes.js";

const SHORTEST_MS = 400;
// A finger that rolls on the button is still on it; one that is further away was moved on purpose.
const AWAY_PX = 60;
// The best each browser records; all of them are understood.
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

/** Records while `button` is held, and puts the words into the field of the composer of `chat`. */
export class Talking {
  #recorder = null;
  #starting = false;
  #held = false;
  #wanted = true;
  #began = 0;
  #timer = 0;

  constructor(chat, button) {
    Object.assign(this, { chat, button });
    this.listening = new AbortController();
    const { signal } = this.listening;
    const on = (type, act) => button.addEventListener(type, act, { signal });
    on("pointerdown", (event) => this.#point(event));
    on("pointerup", (event) => (isAway(event, button) ? this.#cancel() : this.#release()));
    for (const type of ["pointercancel", "lostpointercapture"]) on(type, () => this.#release());
    on("contextmenu", (event) => event.preventDefault());
    on("keydown", (event) => {
      if (event.key === "Escape") this.#cancel();
      if (!HOLDING.includes(event.key)) return;
      event.preventDefault();
      if (!event.repeat) this.#hold();
    });
    on("keyup", (event) => {
      if (!HOLDING.includes(event.key)) return;
      event.preventDefault();
      this.#release();
    });
    on("blur", () => this.#release());
    on("click", (event) => this.press(event));
  }

  get composer() {
    return this.chat.composer;
  }

  /** Take up a hold that began before there was this, and lasts. */
  holdAgain(event) {
    if (!this.button.contains(event.target)) return;
    if (event.type === "pointerdown") this.#point(event);
    else this.#hold();
  }

  /** Begin, or end, for aids that cannot hold: once begins, once more ends. */
  press(event) {
    if (event.detail || event.pointerType || !this.button.contains(event.target)) return;
    if (this.#held) this.#release();
    else this.#hold();
  }

  #point(event) {
    if (event.button) return;
    this.button.setPointerCapture?.(event.pointerId);
    this.#hold({ isTouch: event.pointerType === "touch" });
  }

  disconnect() {
    this.listening.abort();
    this.#cancel();
  }

  async #hold({ isTouch = false } = {}) {
    if (this.#held || this.#starting || this.#recorder) return;
    this.#held = this.#wanted = true;
    this.chat.hush();
    // Of pages that anybody on the way could change, browsers keep the microphone.
    if (!navigator.mediaDevices || !window.MediaRecorder) return this.#fail(t("Speaking needs a secure connection (https)."));
    this.#starting = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, noiseSuppression: true } });
      if (this.#held) this.#record(stream, isTouch);
      else {
        end(stream);
        // It was asked for first, which takes the finger off the button.
        this.composer.say(t("Now hold the button while you speak."), { kind: "info" });
      }
    } catch (error) {
      this.#fail(whyNot(error));
    } finally {
      this.#starting = false;
    }
  }

  #record(stream, isTouch) {
    const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
    const recorder = new MediaRecorder(stream, kind ? { mimeType: kind, audioBitsPerSecond: 32_000 } : {});
    const parts = [];
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.addEventListener("stop", () => {
      end(stream);
      this.#recorder = null;
      this.#mark(false);
      if (this.#wanted) this.#send(new Blob(parts, { type: recorder.mimeType }));
    });
    this.#recorder = recorder;
    this.#began = performance.now();
    this.#timer = setTimeout(() => this.#release(), (Number(this.button.dataset.most) - 1) * 1000);
    recorder.start();
    this.#mark(true);
    const how = isTouch
      ? t("Listening… Let go when you have finished; slide off the button to forget it.")
      : t("Listening… Let go when you have finished; Escape forgets it.");
    this.composer.say(how, { kind: "info" });
  }

  #release() {
    if (!this.#held) return;
    this.#held = false;
    clearTimeout(this.#timer);
    if (this.#recorder?.state !== "recording") return;
    if (performance.now() - this.#began < SHORTEST_MS) {
      this.#wanted = false;
      this.composer.say(t("Hold the button while you speak."), { kind: "info" });
    }
    this.#recorder.stop();
  }

  #cancel() {
    if (!this.#held) return;
    this.#wanted = false;
    this.composer.say("");
    this.#release();
  }

  async #send(blob) {
    const { composer, button } = this;
    const stopping = new AbortController();
    const cancel = [t("Cancel"), () => stopping.abort()];
    composer.say(t("Writing down what you said…"), { kind: "info", actions: [cancel] });
    button.disabled = true;
    const body = new FormData();
    body.set("file", blob, "question");
    try {
      const { text } = await call("POST", "/v1/audio/transcriptions", { body, readError, signal: stopping.signal });
      composer.say("");
      composer.text = [composer.text.trimEnd(), text].filter(Boolean).join(" ");
      composer.wasSpoken();
      composer.field.focus();
    } catch (error) {
      if (stopping.signal.aborted) return composer.say("");
      composer.say(error.status ? error.detail : t("The server cannot be reached. Try again."));
    } finally {
      button.disabled = false;
    }
  }

  #fail(why) {
    this.#held = false;
    this.composer.say(why);
  }

  #mark(isRecording) {
    this.button.setAttribute("aria-pressed", String(isRecording));
    this.button.classList.toggle("danger", isRecording);
  }
}

function isAway({ clientX, clientY }, button) {
  const { left, right, top, bottom } = button.getBoundingClientRect();
  return Math.max(left - clientX, clientX - right, top - clientY, clientY - bottom) > AWAY_PX;
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function whyNot({ name }) {
  if (name === "NotAllowedError" || name === "SecurityError") return t("The microphone may not be used here: allow it in the browser's settings.");
  if (name === "NotFoundError" || name === "OverconstrainedError") return t("No microphone was found.");
  return t("The microphone cannot be used: another program may have it.");
}

// The route answers as OpenAI's does.
function readError(text) {
  try {
    const { message, code } = JSON.parse(text).error;
    return { code, detail: message };
  } catch {
    return { detail: t("What you said could not be understood.") };
  }
}
