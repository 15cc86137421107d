// Which messages stand in the page: a window of the conversation, moved as somebody reads.
import { element } from "../youworker/js/elements.js";
import { t } from "../youworker/js/i18n.js";
import { fetchPart } from "../youworker/js/partials.js";
import { toast } from "../youworker/js/toast.js";

export const MOST = 300;
// What the server gives at once.
const PAGE = 40;
const AHEAD = "800px 0px";
const REFRESH_MS = 60_000;

/** Loads older and newer messages into `chat.list`, and takes out what is far from what is read. */
export class History {
  #loading = null;

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
    for (const link of this.list.querySelectorAll("[data-older], [data-newer]")) this.nearing.observe(link);
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

  get #older() {
    return this.list.querySelector("[data-older]");
  }

  get #newer() {
    return this.list.querySelector("[data-newer]");
  }

  /** Whether the end of the conversation is not in the page. */
  get isCut() {
    return Boolean(this.#newer);
  }

  /** Put the messages before the first one into the page; what is read stays where it is. */
  async loadOlder() {
    const [first] = this.articles;
    if (!first || !this.#older) return;
    await this.#once(async () => {
      const { nodes } = await fetchPart(this.#url("before", first));
      const found = this.#unknown(nodes);
      this.chat.prepare(found);
      this.chat.view.keepPlace(first, () => {
        this.#older?.remove();
        const further = nodes.querySelector("[data-older]");
        first.before(...(further ? [further] : []), ...found);
      });
      this.#trimEnd();
    });
  }

  /** Put the messages after the last one into the page. */
  async loadNewer() {
    const last = this.articles.at(-1);
    if (!last || !this.chat.session) return;
    await this.#once(async () => {
      const { nodes } = await fetchPart(this.#url("after", last));
      const found = this.#unknown(nodes);
      this.chat.prepare(found);
      last.after(...found);
      if (found.length < PAGE) this.#newer?.closest(".newer").remove();
      if (!found.length) return;
      this.trimStart();
      this.chat.view.keep();
    });
  }

  /** Bring what other tabs and people have added. */
  async refresh() {
    if (!this.chat.session || this.chat.isAsking) return;
    if (!this.isCut) await this.loadNewer();
    this.chat.refreshList();
  }

  #unknown(nodes) {
    return [...nodes.querySelectorAll("article[data-message]")].filter((article) => !document.getElementById(article.id));
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
    const surplus = articles.slice(0, Math.max(0, articles.length - MOST));
    if (!surplus.length || surplus.some(isNeeded)) return;
    const kept = articles[surplus.length];
    this.chat.view.keepPlace(kept, () => {
      for (const article of surplus) article.remove();
      this.#older?.remove();
      const link = linkTo("older", t("Earlier messages"), kept);
      link.className = "older button quiet";
      kept.before(link);
    });
    this.watch();
  }

  #trimEnd() {
    const surplus = this.articles.slice(MOST);
    if (!surplus.length || surplus.some(isNeeded)) return;
    for (const article of surplus) article.remove();
    if (this.isCut) return;
    this.list.append(element("p", { className: "newer" }, linkTo("newer", t("Later messages"), this.articles.at(-1))));
  }
}

function linkTo(kind, words, article) {
  const link = element("a", { className: "button", href: `?at=${article.dataset.message}` }, words);
  link.dataset[kind] = "";
  return link;
}

function isNeeded(article) {
  return article.dataset.state !== "done" || article.contains(document.activeElement);
}
