// `<yw-upload>`: takes files and folders and sends them; each shows how far it is, and why not.
// With the class `anywhere` it takes what is dropped anywhere on the page.
import { Announcer } from "../youworker/js/announce.js";
import { button, element, leaveRow } from "../youworker/js/elements.js";
import { language, t, tn } from "../youworker/js/i18n.js";
import { randomId } from "../youworker/js/ids.js";
import { chosenFiles, droppedFiles, listenToDrops } from "./dropping.js";
import { limitsOf, refusalBySize, sendFiles, takeBatch } from "./sending.js";

const PAUSES_S = [2, 4, 8, 15, 30];
const PASSING = new Set([0, 502, 503, 504]);
const percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });

class Upload extends HTMLElement {
  waiting = [];
  refused = new Set();
  runs = [];
  abort = null;

  connectedCallback() {
    this.limits = limitsOf(this);
    this.announcer = new Announcer(this);
    this.form = this.querySelector("form");
    this.said = this.querySelector("[data-said]");
    this.list = this.querySelector("[data-files]");
    this.stop = this.querySelector("[data-abort]");
    this.stop.addEventListener("click", () => this.giveUp());
    this.listenToFields();
    this.listening = new AbortController();
    const { signal } = this.listening;
    const zone = this.querySelector("[data-zone]") ?? document.getElementById("main");
    listenToDrops(this.form ? this : document, zone, async (dropped) => this.take(await droppedFiles(dropped)), signal);
    addEventListener("beforeunload", (event) => this.abort && event.preventDefault(), { signal });
  }

  disconnectedCallback() {
    this.listening.abort();
    this.announcer.remove();
  }

  listenToFields() {
    if (!this.form) return;
    this.querySelector("[data-plain]").hidden = true;
    this.querySelector("[data-folder]").hidden = false;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    for (const field of this.form.querySelectorAll("input[type=file]")) {
      field.addEventListener("change", () => {
        this.take(chosenFiles(field));
        field.value = "";
      });
    }
  }

  /** Put files into the queue; those that are too large are refused at once. */
  take(found) {
    if (!found.length) return;
    const fresh = found.map(({ file, path }) => new Entry(file, path, { retry: (entry) => this.retry(entry), remove: (entry) => this.remove(entry) }));
    this.querySelector("[data-queue]").hidden = false;
    for (const entry of fresh) {
      this.list.append(entry.row);
      const reason = refusalBySize(entry.file, this.limits);
      if (reason) this.refuse([entry], reason, { isFinal: true });
      else this.waiting.push(entry);
    }
    this.run();
  }

  retry(entry) {
    if (!this.refused.delete(entry)) return;
    this.leave(entry);
    entry.show("waiting");
    this.waiting.push(entry);
    this.run();
  }

  remove(entry) {
    this.refused.delete(entry);
    this.leave(entry);
    entry.row.remove();
    this.announcer.say(t("%(name)s is off the list.", { name: entry.path }));
    if (!this.abort) this.finish();
  }

  // The buttons of a file that no longer waits for its user go.
  leave({ row }) {
    leaveRow(row, this.list, this.querySelector("input[type=file]"));
  }

  refuse(entries, reason, { isFinal = false } = {}) {
    for (const entry of entries) {
      this.refused.add(entry);
      entry.show(isFinal ? "impossible" : "refused", { reason });
    }
  }

  /** Stop sending; what has arrived goes on. */
  giveUp() {
    this.abort?.abort();
    this.refuse(this.waiting.splice(0), t("Cancelled."));
  }

  /** Send what waits, one request after the other. */
  async run() {
    if (this.abort || !this.waiting.length) return;
    this.abort = new AbortController();
    this.stop.hidden = false;
    try {
      while (this.waiting.length) await this.sendBatch(takeBatch(this.waiting, this.limits));
    } finally {
      this.abort = null;
      this.stop.hidden = true;
    }
    this.finish();
  }

  async sendBatch(batch) {
    for (const entry of batch) entry.show("uploading", { part: 0 });
    this.say(tn("Sending %(count)s file", "Sending %(count)s files", batch.length + this.waiting.length));
    try {
      const run = await this.sendPatiently(batch, randomId());
      for (const entry of batch) entry.row.remove();
      await this.showRun(run);
    } catch (error) {
      const cancelled = error.name === "AbortError";
      this.refuse(batch, cancelled ? t("Cancelled.") : error.detail || t("The server refused this."));
      if (!cancelled && !("status" in error)) throw error;
    }
  }

  /** Send until it is accepted or refused; a lost connection and a limit of the hour pass. */
  async sendPatiently(batch, key) {
    const onSent = (bytes) => showParts(batch, bytes);
    const { signal } = this.abort;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await sendFiles(batch, { ...this.target(), key, onSent, signal });
      } catch (error) {
        if (error.status === 401) await this.signedIn(signal);
        else if (error.status === 429 && error.code === "throttled") await this.pause(error.retryAfter || 60, waitsForRoom, signal);
        else if (PASSING.has(error.status)) await this.pause(PAUSES_S[Math.min(attempt, PAUSES_S.length - 1)], waitsForServer, signal);
        else throw error;
      }
    }
  }

  target() {
    if (!this.form) return { collection: this.dataset.collection ?? "", tags: [] };
    const form = new FormData(this.form);
    const typed = (form.get("tags_more") ?? "").split(",").map((text) => text.trim());
    return { collection: form.get("collection"), tags: [...form.getAll("tags"), ...typed].filter(Boolean) };
  }

  async pause(seconds, says, signal) {
    for (let left = Math.ceil(seconds); left > 0; left -= 1) {
      this.say(says(left));
      await sleep(1000, signal);
    }
  }

  /** Wait until somebody has signed in again in the dialog over the page. */
  signedIn(signal) {
    this.say(t("Sign in to go on sending."));
    return new Promise((resolve, reject) => {
      document.addEventListener("yw-signed-in", resolve, { once: true, signal });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  async showRun(run) {
    this.runs.push(run);
    const runs = this.dataset.runs;
    // A reload shows what has arrived so far.
    if (this.form) history.replaceState(null, "", this.runs.length > 1 ? runs : `${runs}/${run.id}`);
    const more = this.waiting.length || this.refused.size || this.runs.length > 1;
    if (this.form && !more) return;
    const place = this.querySelector("[data-accepted]");
    await globalThis.htmx.ajax("GET", `${runs}/${run.id}?brief=1`, { source: place, target: place, swap: "afterbegin" });
  }

  finish() {
    const [first] = this.runs;
    if (this.form && this.runs.length === 1 && !this.refused.size) {
      location.assign(`${this.dataset.runs}/${first.id}`);
      return;
    }
    const left = this.refused.size;
    if (!left && !this.runs.length) return this.say(t("No file is left to send."));
    this.say(left ? tn("%(count)s file was not sent.", "%(count)s files were not sent.", left) : t("All files are sent."));
  }

  say(text) {
    this.said.textContent = text;
  }
}

/** A file on its way, and its row. */
class Entry {
  constructor(file, path, { retry, remove }) {
    Object.assign(this, { file, path });
    const name = element("span", { className: "grow name", dir: "auto" }, path);
    this.bar = element("progress", { max: 1, ariaLabel: path });
    this.state = element("span", { className: "badge" });
    this.again = button({ ariaLabel: t("Retry %(name)s", { name: path }) }, () => retry(this), t("Retry"));
    this.gone = button({ ariaLabel: t("Remove %(name)s", { name: path }) }, () => remove(this), t("Remove"));
    this.row = element("li", { className: "item" }, name, this.bar, this.state, this.again, this.gone);
    this.row.dataset.test = "item";
    this.show("waiting");
  }

  show(stage, { part = 0, reason = "" } = {}) {
    this.row.dataset.stage = stage;
    this.bar.value = part;
    this.bar.hidden = stage !== "uploading";
    const isRefused = stage === "refused" || stage === "impossible";
    this.again.hidden = stage !== "refused";
    this.gone.hidden = !isRefused;
    this.state.classList.toggle("bad", isRefused);
    const words = { waiting: t("Waiting"), uploading: percents.format(part) };
    this.state.textContent = words[stage] ?? reason;
  }
}

/** Tell each file of a request how much of it is on its way; they go in order. */
function showParts(batch, bytes) {
  let left = bytes;
  for (const entry of batch) {
    const part = entry.file.size ? Math.min(Math.max(left / entry.file.size, 0), 1) : Number(left >= 0);
    entry.show("uploading", { part });
    left -= entry.file.size;
  }
}

const waitsForServer = (left) => t("The server cannot be reached; trying again in %(seconds)s s.", { seconds: left });
const waitsForRoom = (left) =>
  left > 90
    ? tn("The limit of uploads an hour is reached; going on in %(count)s minute.", "The limit of uploads an hour is reached; going on in %(count)s minutes.", Math.ceil(left / 60))
    : t("The limit of uploads an hour is reached; going on in %(seconds)s s.", { seconds: left });

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("Aborted", "AbortError"));
    }, { once: true });
  });
}

customElements.define("yw-upload", Upload);
