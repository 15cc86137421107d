// The events of one run, followed to their end through everything that may happen on the way.
//
// Read with `fetch` and not with `EventSource`: that hides why it was refused (a session that has
// ended looks like a network that is down), keeps dead connections open, and tries again by rules of
// its own, beside ours.
import { get, request } from "../youworker/js/net.js";

const FIRST_RETRY_MS = 500;
// Whoever watches sees the answer go on soon after the server is back.
const LAST_RETRY_MS = 5_000;
// A server that takes connections and says nothing must not hold the next attempt up.
const ASK_MS = 10_000;
// The server gives a sign of life every 15 seconds.
const SILENCE_MS = 40_000;
// A browser has six connections to a host, for all tabs together: one that nobody looks at gives its own up.
const HIDDEN_MS = 5_000;
const HIDDEN_POLL_MS = 15_000;
export const ACTIVE = new Set(["queued", "running", "waiting_approval"]);

/** Follows a run: `onEvent(type, data)` in order and without gaps, `onState(state)` about the connection.
 *
 *  It is given up while nobody looks, unless it `staysOpen()` then. */
export class Feed {
  #last;
  #failures = 0;
  #reading = null;
  #timer = 0;
  #hiding = 0;
  #paused = false;
  // Between two attempts.
  #waiting = false;
  #listening = new AbortController();

  constructor(run, { after = 0, onEvent, onState = () => {}, staysOpen = () => false }) {
    Object.assign(this, { run, onEvent, onState, staysOpen });
    this.#last = after;
    const signal = this.#listening.signal;
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    addEventListener("pagehide", () => this.#pause(), { signal });
    addEventListener("pageshow", () => this.#look(), { signal });
    addEventListener("online", () => this.#reopen(), { signal });
    addEventListener("offline", () => this.onState("offline"), { signal });
    document.addEventListener("yw-signed-in", () => this.#reopen(), { signal });
    if (document.hidden) this.#look();
    this.#open();
  }

  /** Whether it will bring nothing any more. */
  get closed() {
    return this.#listening.signal.aborted;
  }

  /** Leave the run alone; it goes on without us. */
  close() {
    this.#listening.abort();
    clearTimeout(this.#hiding);
    this.#stop();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#reading?.abort();
    this.#reading = null;
  }

  async #open() {
    if (this.closed || this.#paused) return;
    this.#stop();
    this.#waiting = false;
    const reading = (this.#reading = new AbortController());
    let wait = 0;
    try {
      await this.#read(reading);
    } catch (error) {
      if (error.status === 401) return this.onState("signed-out");
      wait = error.retryAfter ?? 0;
    }
    // Aborted: closed, paused or opened anew by somebody else.
    if (!reading.signal.aborted) await this.#ask(wait);
  }

  async #read(reading) {
    let silence;
    const hear = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.#reopen(), SILENCE_MS);
    };
    hear();
    try {
      const answer = await request("GET", `/v1/runs/${this.run}/events?after=${this.#last}`, {
        cache: "no-store", signal: reading.signal,
      });
      this.onState("live");
      for await (const event of readEvents(answer.body, hear)) {
        if (reading.signal.aborted || !this.#take(event)) return;
      }
    } finally {
      clearTimeout(silence);
    }
  }

  // Whether to read on: a number that is missing is asked for again.
  #take({ seq, type, data }) {
    if (seq <= this.#last) return true;
    if (seq > this.#last + 1) return false;
    this.#last = seq;
    this.#failures = 0;
    if (type === "done") this.close();
    this.onEvent(type, data);
    return !this.closed;
  }

  // The stream ended without an end: only the run itself tells what that means.
  async #ask(wait = 0) {
    if (this.closed) return;
    try {
      const run = await get(`/v1/runs/${this.run}`, { signal: AbortSignal.timeout(ASK_MS) });
      if (this.closed) return;
      if (!ACTIVE.has(run.status)) this.#end(run);
      else this.#later(wait);
    } catch (error) {
      if (this.closed) return;
      if (error.status === 401) this.onState("signed-out");
      else if (error.status === 404 || error.status === 403) this.#giveUp();
      else this.#later(Math.max(wait, error.retryAfter ?? 0));
    }
  }

  #end(run) {
    this.close();
    this.onEvent("done", { status: run.status, message: null, error: run.error });
  }

  #giveUp() {
    this.close();
    this.onState("gone");
  }

  #later(seconds) {
    clearTimeout(this.#timer);
    if (this.#paused) {
      this.#timer = setTimeout(() => this.#ask(), HIDDEN_POLL_MS);
      return;
    }
    this.#waiting = true;
    this.onState(navigator.onLine ? "waiting" : "offline");
    const wanted = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    // All who were cut off at once must not come back at once.
    this.#timer = setTimeout(() => this.#open(), Math.max(seconds * 1000, wanted * (0.5 + Math.random() / 2)));
  }

  #reopen() {
    if (this.closed || this.#paused) return;
    this.#failures = 0;
    this.#open();
  }

  #look() {
    clearTimeout(this.#hiding);
    if (this.closed) return;
    if (document.hidden) {
      this.#hiding = setTimeout(() => this.staysOpen() ? this.#look() : this.#pause(), HIDDEN_MS);
    } else if (this.#paused) {
      this.#paused = false;
      this.#reopen();
    } else if (this.#waiting) {
      this.#reopen();
    }
  }

  #pause() {
    if (this.closed || this.#paused) return;
    this.#paused = true;
    this.#stop();
    this.onState("hidden");
    this.#later(0);
  }
}

/** The events of a body of server-sent events; `hear` is called with every sign of life. */
export async function* readEvents(body, hear = () => {}) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      hear();
      const frames = (rest + value).split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        const event = eventOf(frame);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function eventOf(frame) {
  const fields = {};
  for (const line of frame.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
  }
  return fields.data === undefined ? null : { seq: Number(fields.id), type: fields.event, data: JSON.parse(fields.data) };
}
