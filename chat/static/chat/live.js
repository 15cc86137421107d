// One answer: shows its run while it grows, and what the server made of it in the end.
import { enhance } from "../youworker/js/enhance.js";
import { t } from "../youworker/js/i18n.js";
import { fetchPart } from "../youworker/js/partials.js";
import { Feed } from "./feed.js";
import { enhanceWhole, noteSource, settle, sourceOf } from "./finished.js";
import { Growing } from "./growing.js";
import { showStep, showWay, wordsFor } from "./steps.js";
import { addThought } from "./thoughts.js";

// Rendering takes at most a quarter of the main thread.
const FRAME_MS = 33;
const SHARE = 3;
// A reload replays the events over the text that was saved; so long that text is not made shorter.
const REPLAY_MS = 1000;
const ENDS = {
  failed: () => t("There is no answer."),
  interrupted: () => t("This answer was interrupted."),
  stopped: () => t("You stopped this answer."),
};

/** What those are told who wait for a model server; without a place that is not known yet. */
function placeInLine(position) {
  if (!position) return t("Waiting for its turn…");
  if (position === 1) return t("You are next in line.");
  if (position === 2) return t("You are second in line.");
  if (position === 3) return t("You are third in line.");
  return t("You are number %(position)s in line.", { position });
}

/** An answer that is being made, in its `article`; `page` hears of what happens (see `chat.js`). */
export class LiveAnswer {
  #text = "";
  #timer = 0;
  #cost = 0;
  #renderedAt = 0;
  #began = performance.now();
  #saved = 0;
  #status = "";
  #replaying = false;
  // Connected again, and nothing was heard since.
  #resuming = false;

  constructor(article, page) {
    Object.assign(this, { article, page, id: article.dataset.message, run: article.dataset.run });
    this.markdown = article.querySelector("[data-md]");
    this.#saved = sourceOf(this.markdown).length;
    this.growing = new Growing(this.markdown, (block) => this.#finished(block));
    article.setAttribute("aria-busy", "true");
    this.feed = new Feed(this.run, {
      onEvent: (type, data) => this.#hear(type, data),
      onState: (state) => this.#connection(state),
      // Whoever listens may look elsewhere.
      staysOpen: () => page.spoken?.follows(this.run),
    });
  }

  /** Leave it; the run goes on. */
  close() {
    clearTimeout(this.#timer);
    this.feed.close();
  }

  /** Say that it was asked to stop; it is over when the run says so. */
  stopping() {
    this.article.dataset.stopping = "";
    this.#note(t("Stopping…"));
  }

  #hear(type, data) {
    if (this.#resuming) {
      this.#resuming = false;
      this.#stand({ status: this.#status });
    }
    if (type === "token") this.#grow(this.#text + data.text);
    else if (type === "reasoning") this.#think(data);
    else if (type === "tool") this.#step(data);
    else if (type === "run") this.#stand(data);
    else if (type === "log") this.#log(data);
    else if (type === "audio") this.page.spoken?.hear(this.run, data);
    else if (type === "done") this.#end(data);
  }

  #grow(text) {
    if (!this.#text) this.#note("");
    this.#text = text;
    if (this.#timer) return;
    const due = this.#renderedAt + Math.max(FRAME_MS, SHARE * this.#cost) - performance.now();
    this.#timer = setTimeout(() => this.#render(), Math.max(0, due));
  }

  #render() {
    this.#timer = 0;
    if (this.#text.length < this.#saved && performance.now() - this.#began < REPLAY_MS) {
      this.#timer = setTimeout(() => this.#render(), FRAME_MS);
      return;
    }
    this.#replaying = this.#saved > 0;
    this.#saved = 0;
    const began = performance.now();
    this.growing.show(this.#text);
    this.#replaying = false;
    noteSource(this.markdown, this.#text);
    this.page.grew(this);
    this.#renderedAt = performance.now();
    this.#cost = this.#renderedAt - began;
  }

  #finished(block) {
    // What was read before a reload is not read again.
    if (!this.#replaying) this.page.said(this, block.textContent);
    enhance(block).then(() => this.page.grew(this), () => {});
  }

  #think({ text, retracts = 0 }) {
    const details = this.article.querySelector(".reasoning");
    if (details) addThought(details, text);
    if (retracts) this.#grow([...this.#text].slice(0, -retracts).join(""));
    this.page.grew(this);
  }

  #step(data) {
    showStep(this.article.querySelector(".tools"), data);
    if (data.status === "approval") this.page.alert(t("%(tool)s asks for your permission.", { tool: wordsFor(data.tool) }));
    if (data.status === "approval") document.dispatchEvent(new CustomEvent("yw-approvals"));
    this.page.grew(this);
  }

  #stand({ status, position }) {
    // Decided here or in another tab.
    if (this.#status === "waiting_approval" && status !== "waiting_approval") document.dispatchEvent(new CustomEvent("yw-approvals"));
    this.#status = status;
    this.article.dataset.status = status;
    if ("stopping" in this.article.dataset) return;
    if (status === "queued") this.#note(placeInLine(position));
    else if (status === "waiting_approval") this.#note(t("Waiting for your decision."));
    else this.#note(this.#text ? "" : t("Answering…"));
  }

  #log({ level, message, code, url }) {
    if (level === "info" && code !== "attachments") return;
    this.#note(message);
    if (url?.startsWith("/")) showWay(this.article.querySelector(".tools"), message, url);
  }

  #connection(state) {
    const words = {
      offline: t("You are offline. The answer goes on when you are back."),
      waiting: t("The connection was lost. Trying again…"),
      "signed-out": t("You are signed out. The answer goes on when you have signed in."),
    };
    if (state === "gone") {
      this.close();
      this.#over("failed", t("This conversation is no longer there."));
    } else if (words[state]) {
      this.lost = true;
      this.#note(words[state]);
    } else if (state === "live" && this.lost) {
      this.lost = false;
      this.#stand({ status: this.#status });
      // Whose process ended takes a while to be found out.
      if (this.#text && !("stopping" in this.article.dataset)) {
        this.#resuming = true;
        this.#note(t("Connected again. Waiting for the answer to go on…"));
      }
      this.page.reconnected();
    }
  }

  #note(text) {
    const note = this.article.querySelector(".run-note");
    if (!note) return;
    if (note.textContent !== text) note.textContent = text;
    note.hidden = !text;
  }

  async #end(data) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    try {
      const { nodes } = await fetchPart(`/chat/messages/${this.id}`);
      const fresh = nodes.querySelector("article");
      if (fresh) settle(this.article, fresh, this.growing);
      this.#over(data.status);
    } catch {
      // What was heard is shown; the next look at the conversation brings the rest.
      this.growing.finish(data.message?.content ?? this.#text);
      enhanceWhole(this.markdown, data.message?.content ?? this.#text, data.message ?? {});
      this.#over(data.status, data.error?.detail || ENDS[data.status]?.() || "");
    }
  }

  #over(status, note) {
    const { article } = this;
    delete article.dataset.stopping;
    Object.assign(article.dataset, { state: "done", status });
    article.setAttribute("aria-busy", "false");
    delete article.dataset.run;
    if (note !== undefined) this.#note(note);
    this.page.ended(this, status);
  }
}
