// Files beside the question: they go into the library, and their state stands here.
import { limitsOf, refusalBySize, sendFiles, takeBatch } from "../ingestion/sending.js";
import { button, element } from "../youworker/js/elements.js";
import { t } from "../youworker/js/i18n.js";
import { randomId } from "../youworker/js/ids.js";
import { get, post } from "../youworker/js/net.js";

const FIRST_POLL_MS = 700;
const LAST_POLL_MS = 5000;
const FINAL = new Set(["ready", "failed", "skipped"]);
const UNREAD = new Set(["uploading", "queued", "parsing"]);

/** The files of a composer, shown in `place`; `onChange` is called when one of them changes. */
export class Attachments {
  #timer = 0;
  #wait = FIRST_POLL_MS;
  files = [];

  constructor(place, onChange) {
    Object.assign(this, { place, onChange });
  }

  /** Upload files, in requests of a size that the server takes, one after the other. */
  async add(files) {
    const limits = limitsOf(this.place);
    const entries = [...files].map((file) => {
      const reason = refusalBySize(file, limits);
      return this.#show({ name: file.name, file, stage: reason ? "failed" : "uploading", reason });
    });
    const waiting = entries.filter(({ stage }) => stage === "uploading");
    while (waiting.length) await this.#upload(takeBatch(waiting, limits));
  }

  /** Take up what a draft remembers. */
  restore(files) {
    for (const file of files) this.#show(file);
    this.watch();
  }

  /** What a draft may keep: files that the server has. */
  remembered() {
    return this.files.filter(({ run }) => run).map(({ name, stage, run, item, reason }) => ({ name, stage, run, item, reason }));
  }

  /** Forget those an answer can use, or never will, once a question is asked. */
  settle() {
    for (const entry of [...this.files]) if (!UNREAD.has(entry.stage)) this.#remove(entry);
  }

  /** Whether an answer could not use one of them yet. */
  get areUnread() {
    return this.files.some(({ stage }) => UNREAD.has(stage));
  }

  /** Whether one of them could not be taken. */
  get haveFailed() {
    return this.files.some(({ stage }) => stage === "failed");
  }

  disconnect() {
    clearTimeout(this.#timer);
  }

  async #upload(entries) {
    // The same files tried again are the same request.
    const key = (entries[0].key ??= randomId());
    try {
      const run = await sendFiles(entries, { key });
      for (const entry of entries) this.#set(entry, { run: run.id, stage: "queued", file: undefined });
      this.#wait = FIRST_POLL_MS;
      this.watch();
    } catch (error) {
      for (const entry of entries) this.#set(entry, { stage: "failed", reason: reasonOf(error), batch: entries });
    }
  }

  /** Ask how far the files are, until they are ready. */
  watch() {
    clearTimeout(this.#timer);
    if (this.files.some(({ run, stage }) => run && !FINAL.has(stage))) this.#timer = setTimeout(() => this.#poll(), this.#wait);
  }

  async #poll() {
    this.#wait = Math.min(LAST_POLL_MS, this.#wait * 1.3);
    const runs = new Set(this.files.filter(({ run, stage }) => run && !FINAL.has(stage)).map(({ run }) => run));
    for (const run of runs) {
      try {
        const { results } = await get(`/v1/ingestion/runs/${run}/items?limit=200`);
        this.#match(this.files.filter((entry) => entry.run === run), results);
      } catch (error) {
        // Asked again when somebody has signed in.
        if (error.status === 401) return;
        if (error.status === 404) for (const entry of this.files.filter((one) => one.run === run)) this.#remove(entry);
      }
    }
    this.watch();
  }

  // By id once it is known, else by name: two files of a name each get one.
  #match(entries, items) {
    const taken = new Set(entries.map(({ item }) => item));
    for (const entry of entries) {
      const found = items.find(({ id }) => id === entry.item) ?? items.find(({ id, name }) => name === entry.name && !taken.has(id));
      if (!found) continue;
      taken.add(found.id);
      const reason = found.error?.detail ?? "";
      if (found.id !== entry.item || found.stage !== entry.stage || reason !== (entry.reason ?? "")) {
        this.#set(entry, { item: found.id, stage: found.stage, reason });
      }
    }
  }

  #show(entry) {
    const ariaLabel = t("Remove %(name)s", { name: entry.name });
    entry.row = element(
      "div",
      { className: "attachment", role: "listitem" },
      element("span", { className: "attachment-name", dir: "auto" }, entry.name),
      element("span", { className: "attachment-state", role: "status" }),
      button({ className: "button quiet", hidden: true }, () => this.#retry(entry), t("Try again")),
      button({ className: "button quiet icon-only", ariaLabel }, () => this.#remove(entry), "×"),
    );
    entry.row.dataset.test = "item";
    this.files.push(entry);
    Object.assign(this.place, { role: "list", ariaLabel: t("Files") });
    this.place.append(entry.row);
    this.#set(entry, {});
    return entry;
  }

  #set(entry, changes) {
    Object.assign(entry, changes);
    const { row, stage, reason } = entry;
    row.dataset.stage = stage;
    row.querySelector(".attachment-state").textContent = stage === "failed" ? t("failed: %(reason)s", { reason }) : wordsFor(stage);
    row.querySelector("button").hidden = !(stage === "failed" && (entry.batch || entry.run));
    this.onChange();
  }

  async #retry(entry) {
    if (entry.batch) {
      const entries = entry.batch.filter(({ stage, file }) => stage === "failed" && file);
      for (const one of entries) this.#set(one, { stage: "uploading", reason: "", batch: undefined });
      this.#upload(entries);
      return;
    }
    try {
      await post(`/v1/ingestion/runs/${entry.run}/retry`);
      this.#set(entry, { stage: "queued", reason: "" });
      this.#wait = FIRST_POLL_MS;
      this.watch();
    } catch (error) {
      this.#set(entry, { reason: reasonOf(error) });
    }
  }

  #remove(entry) {
    entry.row.remove();
    this.files = this.files.filter((one) => one !== entry);
    this.onChange();
  }
}

function wordsFor(stage) {
  return {
    uploading: t("uploading…"), queued: t("waiting…"), parsing: t("reading…"), embedding: t("searchable by word; still learning its meaning"),
    ready: t("ready"), skipped: t("already in your library"),
  }[stage] ?? stage;
}

function reasonOf(error) {
  if (error.status === 0) return t("the server cannot be reached");
  if (error.status === 429 && error.retryAfter) return t("too many uploads; possible again in %(seconds)s s", { seconds: error.retryAfter });
  return error.detail || error.code;
}
