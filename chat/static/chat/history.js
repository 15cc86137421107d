// Which messages stand in the page: a window of the conversation, moved as somebody reads.
import { t } from "../youworker/js/i18n.js";
import { toast } from "../youworker/js/toast.js";
import { fetchPart } from "./partials.js";

export const MOST = 300;
const AHEAD = "800px 0px";
const REFRESH_MS = 60_000;

/** Loads older and newer messages into `chat.list`, and takes out what is far from what is read. */
export class History {
  #loading = null;
  // Newer messages were taken out.
  #cut = false;

  constructor(chat) {
    this.chat = chat;
    this.list = chat.list;
    this.listening = new AbortController();
    const { signal } = this.listening;
    const root = chat.view.target === document ? null : chat.view.scroller;
    this.nearing = new IntersectionObserver((entries) => this.#near(entries), { root, rootMargin: AHEAD });
    this.list.addEventListener("click", (event) => this.#click(event), { signal });
    for (const type of ["focus", "online"]) addEventListener(type, () => this.refresh(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh(), { signal });
    document.addEventListener("yw-signed-in", () => this.refresh(), { signal });
    this.timer = setInterval(() => document.hidden || this.refresh(), REFRESH_MS);
    this.watch();
  }

  disconnect() {
    this.listening.abort();
    this.nearing.disconnect();
    clearInterval(this.timer);
  }

  get articles() {
    return [...this.list.querySelectorAll(":scope > article[data-message]")];
  }

  /** Look at the links at both ends again. */
  watch() {
    this.nearing.disconnect();
    for (const link of this.list.querySelectorAll(":scope > [data-older], :scope > [data-newer]")) this.nearing.observe(link);
  }

  #near(entries) {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) this.#load(target);
    }
  }

  #click(event) {
    const link = event.target.closest("[data-older], [data-newer]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#load(link);
  }

  #load(link) {
    return "older" in link.dataset ? this.loadOlder() : this.loadNewer();
  }

  /** Put the messages before the first one into the page; what is read stays where it is. */
  async loadOlder() {
    const [first] = this.articles;
    const link = this.list.querySelector(":scope > [data-older]");
    if (!first || !link) return;
    await this.#once(async () => {
      const { nodes } = await fetchPart(this.#url("before", first));
      const found = [...nodes.querySelectorAll("article[data-message]")].filter((article) => !document.getElementById(article.id));
      const further = nodes.querySelector("[data-older]");
      this.chat.prepare(found);
      this.chat.view.keepPlace(first, () => {
        first.before(...found);
        if (further) link.href = further.href;
        else link.remove();
      });
      this.#trimEnd();
    });
  }

  /** Put the messages after the last one into the page. */
  async loadNewer() {
    const last = this.articles.findLast((article) => !("optimistic" in article.dataset));
    if (!last || !this.chat.session) return;
    await this.#once(async () => {
      const { nodes } = await fetchPart(this.#url("after", last));
      const found = [...nodes.querySelectorAll("article[data-message]")].filter((article) => !document.getElementById(article.id));
      const further = nodes.querySelector("[data-newer]");
      if (!found.length) return this.#endCut();
      this.chat.prepare(found);
      last.after(...found);
      if (this.#cut && !further) this.#endCut();
      this.trimStart();
      this.chat.view.keep();
    });
  }

  /** Bring what other tabs and people have added. */
  async refresh() {
    if (!this.chat.session || this.#cut || this.chat.isAsking) return;
    await this.loadNewer();
    this.chat.refreshList();
  }

  async #once(work) {
    if (this.#loading) return this.#loading;
    this.#loading = work().catch((error) => this.#failed(error));
    await this.#loading;
    this.#loading = null;
    this.watch();
  }

  #failed(error) {
    // Signed out and offline are said elsewhere; the next look tries again.
    if (error.status > 401 && error.status !== 404) toast(error.detail || t("Messages could not be loaded."), { kind: "error" });
    else if (!("status" in error)) throw error;
  }

  #url(direction, article) {
    return `/chat/${this.chat.session}/messages?${direction}=${article.dataset.message}`;
  }

  /** Take the oldest out when there are too many, while the newest are read. */
  trimStart() {
    const { articles } = this;
    const surplus = articles.slice(0, Math.max(0, articles.length - MOST)).filter((article) => !isNeeded(article));
    if (!surplus.length) return;
    const kept = articles[surplus.length];
    this.chat.view.keepPlace(kept, () => {
      for (const article of surplus) article.remove();
      this.#link("older", kept, `?before=${kept.dataset.message}`);
    });
  }

  #trimEnd() {
    const surplus = this.articles.slice(MOST);
    if (!surplus.length || surplus.some(isNeeded)) return;
    for (const article of surplus) article.remove();
    this.#cut = true;
    const last = this.articles.at(-1);
    this.#link("newer", last, `?at=${last.dataset.message}`);
  }

  #endCut() {
    this.#cut = false;
    this.list.querySelector(":scope > [data-newer]")?.remove();
  }

  #link(kind, beside, href) {
    let link = this.list.querySelector(`:scope > [data-${kind}]`);
    if (!link) {
      link = document.createElement("a");
      link.className = kind;
      link.dataset[kind] = "";
      link.textContent = kind === "older" ? t("Earlier messages") : t("Later messages");
      if (kind === "older") beside.before(link);
      else beside.after(link);
    }
    link.href = href;
  }
}

function isNeeded(article) {
  return article.dataset.state !== "done" || article.contains(document.activeElement);
}
