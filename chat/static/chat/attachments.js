// Files beside the question: they go into the conversation, and their state stands here.
import { limitsOf, refusalBySize, sendFiles, takeBatch } from "../ingestion/sending.js";
import { Announcer } from "../youworker/js/announce.js";
import { button, element, leaveRow } from "../youworker/js/elements.js";
import { t } from "../youworker/js/i18n.js";
import { randomId } from "../youworker/js/ids.js";
import { call, get, post } from "../youworker/js/net.js";

const FIRST_POLL_MS = 700;
const LAST_POLL_MS = 5000;
const FINAL = new Set(["ready", "failed", "skipped"]);
const UNREAD = new Set(["queued", "parsing"]);
// Of an image in which nothing can be read there is the image.
const NO_TEXT = "no_text";

/** The files of a composer, shown in `place`; `onChange` is called when one of them changes. */
export class Attachments {
  #timer = 0;
  #wait = FIRST_POLL_MS;
  files = [];
  // Where the server keeps the files of this conversation, once one was sent.
  collection = "";

  /** `session` tells the conversation, which may begin later. */
  constructor(place, session, onChange) {
    Object.assign(this, { place, session, onChange, announcer: new Announcer(place.parentElement) });
  }

  /** Upload files, in requests of a size that the server takes, one after the other. */
  async add(files) {
    const limits = limitsOf(this.place);
    const most = Number(this.place.dataset.mostFiles);
    const entries = [...files].map((file) => {
      const reason = refusalBySize(file, limits) || (this.files.length >= most ? t("At most %(most)s files can come with a question.", { most }) : "");
      return this.#show({ name: file.name, file, stage: reason ? "failed" : "uploading", reason });
    });
    const waiting = entries.filter(({ stage }) => stage === "uploading");
    while (waiting.length) await this.#upload(takeBatch(waiting, limits));
  }

  /** Take up what a draft remembers. */
  restore(files, collection = "") {
    this.collection ||= collection;
    for (const file of files) this.#show(file);
    this.watch(0);
  }

  /** Put documents beside the question that are in the library, given as `{ id, name }`. */
  refer(documents) {
    const known = new Set(this.files.map(({ document }) => document));
    const most = Number(this.place.dataset.mostFiles);
    for (const { id, name } of documents) if (!known.has(id) && this.files.length < most) this.#show({ name, document: id, stage: "ready", refers: true });
  }

  /** What a draft may keep: files that the server has. */
  remembered() {
    return this.files
      .filter(({ run, document }) => run || document)
      .map(({ name, stage, run, item, document, reason, code, refers }) => ({ name, stage, run, item, document, reason, code, refers }));
  }

  /** The ids by which a question names them; those that cannot be used are left out. */
  get ids() {
    return this.files.filter(({ stage }) => stage !== "failed").map(({ item, document }) => item ?? document).filter(Boolean);
  }

  /** Forget all of them, once a question is asked. */
  settle() {
    for (const entry of [...this.files]) this.#forget(entry);
  }

  /** Whether one of them is not read yet. */
  get areUnread() {
    return this.files.some(({ stage }) => stage === "uploading" || UNREAD.has(stage));
  }

  /** Whether the server does not have one of them yet; it waits itself for those it reads. */
  get areArriving() {
    return this.files.some(({ stage, item }) => stage === "uploading" || (UNREAD.has(stage) && !item));
  }

  /** Whether one of them could not be taken. */
  get haveFailed() {
    return this.files.some(({ stage }) => stage === "failed");
  }

  disconnect() {
    clearTimeout(this.#timer);
    this.announcer.remove();
  }

  async #upload(entries) {
    // The same files tried again are the same request.
    const key = (entries[0].key ??= randomId());
    try {
      this.collection ||= await this.#begin();
      const run = await sendFiles(entries, { key, collection: this.collection, onSent: (sent) => this.#progress(entries, sent) });
      for (const entry of entries) this.#set(entry, { run: run.id, stage: "queued", file: undefined });
      this.#wait = FIRST_POLL_MS;
      this.watch(0);
    } catch (error) {
      for (const entry of entries) this.#set(entry, { stage: "failed", reason: reasonOf(error), batch: entries });
    }
  }

  // Asked once, also by several uploads at a time.
  #begin() {
    const session = this.session();
    this.beginning ??= post("/v1/attachments", session ? { session_id: session } : {})
      .then(({ collection_id: id }) => id)
      .finally(() => { this.beginning = undefined; });
    return this.beginning;
  }

  #progress(entries, sent) {
    const total = entries.reduce((sum, { file }) => sum + (file?.size ?? 0), 0);
    const percent = total ? Math.min(99, Math.floor((sent / total) * 100)) : 0;
    for (const { row, stage } of entries) {
      if (stage === "uploading") row.querySelector(".attachment-state").textContent = t("uploading, %(percent)s", { percent: `${percent} %` });
    }
  }

  /** Ask how far the files are, until they are ready. */
  watch(wait = this.#wait) {
    clearTimeout(this.#timer);
    if (this.files.some(({ run, stage }) => run && !FINAL.has(stage))) this.#timer = setTimeout(() => this.#poll(), wait);
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
        if (error.status === 404) for (const entry of this.files.filter((one) => one.run === run)) this.#forget(entry);
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
      const { code, detail: reason = "" } = found.error ?? {};
      const stage = found.stage === "failed" && code === NO_TEXT && isPicture(entry.name) ? "ready" : found.stage;
      const known = { item: found.id, document: found.document_id ?? undefined, stage, reason: stage === "failed" ? reason : "" };
      if (Object.entries(known).some(([name, value]) => entry[name] !== value)) this.#set(entry, known);
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

  // What nobody is to be asked about is not kept.
  #remove(entry) {
    const { document, name, refers, row, run } = entry;
    leaveRow(row, this.place, this.place.parentElement.querySelector("[data-attach]"));
    this.#forget(entry);
    this.announcer.say(t("%(name)s is off the list.", { name }));
    if (refers) return;
    const alone = !this.files.some((one) => one.run === run);
    if (document) call("DELETE", `/v1/documents/${document}`).catch(() => {});
    else if (run && alone) post(`/v1/ingestion/runs/${run}/cancel`).catch(() => {});
  }

  #forget(entry) {
    entry.row.remove();
    this.files = this.files.filter((one) => one !== entry);
    this.onChange();
  }
}

function wordsFor(stage) {
  return {
    uploading: t("uploading…"), queued: t("waiting…"), parsing: t("reading…"), embedding: t("searchable by word; still learning its meaning"),
    ready: t("ready"), skipped: t("already there"),
  }[stage] ?? stage;
}

function isPicture(name) {
  return /\.(png|jpe?g|webp|gif|bmp|tiff?|heic|heif|avif)$/i.test(name);
}

function reasonOf(error) {
  if (error.status === 0) return t("the server cannot be reached");
  if (error.status === 429 && error.retryAfter) return t("too many uploads; possible again in %(seconds)s s", { seconds: error.retryAfter });
  return error.detail || error.code;
}
