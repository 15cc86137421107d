// `<yw-chat>`: a conversation. It wires the others, and knows which answer is being made.
import { Announcer } from "../youworker/js/announce.js";
import { t } from "../youworker/js/i18n.js";
import { post } from "../youworker/js/net.js";
import { activate, sayError } from "../youworker/js/partials.js";
import { showTimes } from "../youworker/js/time.js";
import { answerAgain } from "./again.js";
import { answerApprovals } from "./approvals.js";
import { refreshAttached, useAttached } from "./attached.js";
import { Composer } from "./composer.js";
import { renderFinished } from "./finished.js";
import { History } from "./history.js";
import { copyMessage, useKeys } from "./keys.js";
import { LiveAnswer } from "./live.js";
import { Holding, scrollerOf, View } from "./scrolling.js";
import { awaitTitle, refreshHead, refreshList } from "./session-list.js";
import { loadIfUsed, useSpeech } from "./speech.js";
import { loadThoughts } from "./thoughts.js";

// The last screen is rendered at once, the rest when nobody waits.
const AT_ONCE = 6;
const NEAR = 24;
const MARK = "● ";

class Chat extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector(".messages");
    this.follow = this.querySelector("[data-follow]");
    this.waiting = [];
    this.answer = null;
    this.isAsking = false;
    this.listening = new AbortController();
    this.view = new View(scrollerOf(this.list), () => this.showFollow());
    this.announcer = new Announcer(this);
    this.history = new History(this);
    const form = this.querySelector("form.composer");
    this.stopButton = form?.querySelector('[data-test="stop"]');
    useSpeech(this, form, this.listening.signal);
    if (form) this.composer = new Composer(this, form);
    this.listen();
    this.adoptAll();
    this.findPlace();
    useKeys(this);
  }

  disconnectedCallback() {
    this.listening.abort();
    this.additions.disconnect();
    this.answer?.close();
    for (const part of [this.view, this.history, this.citations, this.composer, this.talking, this.reading, this.spoken]) part?.disconnect();
    this.announcer.remove();
  }

  get session() {
    return this.dataset.session ?? "";
  }

  get field() {
    return this.composer?.field;
  }

  listen() {
    const { signal } = this.listening;
    this.follow?.addEventListener("click", () => this.view.holdEnd(), { signal });
    this.stopButton?.addEventListener("click", () => this.stop(), { signal });
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-copy-message]");
      if (button) copyMessage(button.closest("article"));
      // One voice at a time.
      if (event.target.closest("[data-read-aloud]")) this.spoken?.hush();
      const example = event.target.closest("[data-example]");
      if (example && !event.ctrlKey && !event.metaKey) this.useExample(event, example);
    }, { signal });
    this.addEventListener("yw-open-citation", ({ target, detail }) => this.openCitation(detail, target), { signal });
    answerAgain(this, signal);
    answerApprovals(this, signal);
    useAttached(this, signal);
    loadThoughts(this, signal);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) document.title = document.title.replace(MARK, "");
    }, { signal });
    // Whoever puts messages here (htmx after an edit, a refresh, ourselves): they come to life.
    this.additions = new MutationObserver((changes) => {
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node.isConnected && node.matches?.("article"));
      if (added.length) this.adopt(added);
    });
    this.additions.observe(this.list, { childList: true });
  }

  /** Bring messages to life: what runs is followed, what is finished is rendered. */
  adopt(articles) {
    for (const article of articles) {
      if (article.dataset.run && article.dataset.state === "running") this.watch(article);
      else renderFinished(article);
    }
    this.view.keep();
  }

  /** Render messages before they are put into the page. */
  prepare(articles) {
    for (const article of articles) {
      if (!article.dataset.run) renderFinished(article);
      activate(article);
      showTimes(article);
    }
  }

  adoptAll() {
    const articles = this.history.articles;
    this.adopt(articles.slice(-AT_ONCE));
    const rest = articles.slice(0, -AT_ONCE).reverse();
    const some = (deadline) => {
      const held = this.view.holding;
      while (rest.length && (deadline.timeRemaining() > 4 || deadline.didTimeout)) {
        const article = rest.shift();
        if (article.dataset.run) this.watch(article);
        else renderFinished(article);
        if (deadline.didTimeout) break;
      }
      if (held !== Holding.FREE) this.view.keep();
      if (rest.length) whenIdle(some);
    };
    if (rest.length) whenIdle(some);
  }

  // Where somebody wanted to go, else the end.
  findPlace() {
    // What stands there before the first question is read from its beginning.
    if (!this.history.articles.length) return;
    const wanted = new URLSearchParams(location.search).get("at");
    const named = wanted ? `m-${wanted}` : location.hash.slice(1);
    const article = named && document.getElementById(named);
    if (!article || article === this.history.articles.at(-1)) return this.view.holdEnd();
    renderFinished(article);
    this.view.show(article);
  }

  /** Follow the run of an article; one at a time, the newest first. */
  watch(article) {
    if (this.answer?.article === article) return;
    if (this.answer) {
      this.answer.close();
      this.waiting.push(this.answer.article);
    }
    this.answer = new LiveAnswer(article, this);
    this.showStop();
  }

  /** Ask the run that is followed to stop. */
  async stop() {
    const { answer } = this;
    if (!answer || this.stopButton?.disabled) return;
    answer.stopping();
    if (this.spoken?.follows(answer.run)) this.spoken.hush();
    this.showStop();
    try {
      await post(`/v1/runs/${answer.run}/stop`);
    } catch (error) {
      delete answer.article.dataset.stopping;
      this.showStop();
      sayError(error);
    }
  }

  showStop() {
    if (!this.stopButton) return;
    const stopping = this.answer && "stopping" in this.answer.article.dataset;
    this.stopButton.hidden = !this.answer;
    this.stopButton.disabled = Boolean(stopping);
    this.toggleAttribute("data-running", Boolean(this.answer));
  }

  showFollow() {
    if (this.follow) this.follow.hidden = !this.answer || this.view.holding === Holding.END || this.view.below <= NEAR;
  }

  /** Show a citation's passage beside the chat; what that takes is loaded with the first one. */
  async openCitation(citation, opener) {
    try {
      const { Citations } = await import("./citations.js");
      if (this.listening.signal.aborted) return;
      this.citations ??= new Citations(this);
    } catch {
      return sayError({ status: 0 });
    }
    await this.citations.open(citation, opener);
  }

  useExample(event, link) {
    event.preventDefault();
    this.composer.text = link.textContent.trim();
    this.field.focus();
  }

  // What a composer needs.

  /** Be silent: somebody speaks. */
  hush() {
    this.reading?.stop();
    this.spoken?.hush();
  }

  /** Show a question before the server has it. */
  showQuestion(text, key) {
    this.isAsking = true;
    const template = this.querySelector('template[data-message="user"]');
    const article = template?.content.querySelector("article")?.cloneNode(true);
    if (!article) return null;
    article.id = `q-${key}`;
    article.dataset.optimistic = "";
    delete article.dataset.message;
    const markdown = article.querySelector("[data-md]");
    markdown.textContent = text;
    renderFinished(article);
    this.querySelector(".beginning")?.setAttribute("hidden", "");
    this.list.append(article);
    this.view.holdQuestion(article);
    return article;
  }

  /** Take a question back that did not get through. */
  takeBack(shown) {
    this.isAsking = false;
    shown?.remove();
    this.querySelector(".beginning")?.removeAttribute("hidden");
  }

  /** Put the server's answer to a question in the place of what was shown. */
  takeAnswer({ headers, nodes }, shown) {
    const articles = [...nodes.querySelectorAll("article")].filter((article) => !document.getElementById(article.id));
    const [question] = articles;
    const rests = this.view.holding !== Holding.QUESTION;
    this.isAsking = false;
    // One that was accepted before stands there already.
    if (shown) shown.replaceWith(...articles);
    else this.list.append(...articles);
    for (const article of articles) {
      activate(article);
      showTimes(article);
    }
    const session = headers.get("X-Session-ID");
    if (session && session !== this.session) this.begin(session, headers.get("HX-Push-Url") ?? `/chat/${session}`);
    // What lies between is not in the page.
    if (this.history.isCut) return location.assign(`/chat/${this.session}`);
    const leaf = articles.at(-1)?.dataset.message;
    if (leaf) this.lead(leaf);
    this.adopt(articles);
    if (question && !rests) this.view.holdQuestion(question);
    this.history.trimStart();
    this.refreshList();
  }

  // A conversation that began here has a place of its own now.
  begin(session, url) {
    this.dataset.session = session;
    this.dataset.ask = url;
    this.composer.form.action = url;
    this.querySelector(".beginning")?.remove();
    history.replaceState(null, "", url);
    this.headed = refreshHead(this, url);
  }

  // The next question follows this message.
  lead(message) {
    this.dataset.leaf = message;
    const parent = this.composer?.form.elements.parent;
    if (parent) parent.value = message;
  }

  lastQuestion() {
    const question = this.history.articles.findLast(({ dataset }) => dataset.role === "user");
    return question?.querySelector("[data-md]")?.textContent ?? "";
  }

  // What an answer tells.

  grew() {
    this.view.keep();
  }

  said(answer, text) {
    if (!this.spoken?.follows(answer.run)) this.announcer.say(text);
  }

  alert(text) {
    this.announcer.hush();
    this.announcer.say(text);
  }

  reconnected() {
    this.history.refresh();
  }

  ended(answer, status) {
    if (this.answer !== answer) return;
    this.answer = null;
    refreshAttached(answer.article.previousElementSibling);
    this.showStop();
    this.showFollow();
    this.announcer.say({ succeeded: t("Answer finished"), stopped: t("Stopped.") }[status] ?? t("The answer failed."));
    if (document.hidden && !document.title.startsWith(MARK)) document.title = MARK + document.title;
    this.refreshList();
    if (status === "succeeded" && answer.article.querySelector(".model")?.textContent !== "quote") awaitTitle(this, this.dataset.ask, this.listening.signal);
    const next = this.waiting.pop();
    if (next?.isConnected && next.dataset.run) this.watch(next);
  }

  refreshList() {
    return refreshList(this.session);
  }
}

function whenIdle(work) {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(work, { timeout: 500 });
  else setTimeout(() => work({ timeRemaining: () => 0, didTimeout: true }), 30);
}

// An answer that is heard goes on with its next sentence, so nothing begins before.
await loadIfUsed(document.querySelector("yw-chat")?.dataset.session ?? "");
customElements.define("yw-chat", Chat);
