// What plain keys do in the chat, outside fields.
import { copyAndTell } from "../youworker/js/copy.js";
import { t } from "../youworker/js/i18n.js";
import { bindKey } from "../youworker/js/keys.js";
import { sourceOf } from "./finished.js";

let current = null;

/** Let the keys act on this chat. */
export function useKeys(chat) {
  current = chat;
}

bindKey("/", t("Write a message"), () => current?.field?.focus());
bindKey("n", t("New conversation"), () => location.assign("/chat"));
bindKey("j", t("Next message"), () => step(1));
bindKey("k", t("Previous message"), () => step(-1));
bindKey("c", t("Copy the message"), () => copyMessage(chosen()));
bindKey("e", t("Edit the question"), () => edit(chosen()));
bindKey("s", t("Stop the answer"), () => current?.stop());

function articles() {
  return current ? [...current.list.querySelectorAll(":scope > article")] : [];
}

function chosen() {
  return document.activeElement?.closest?.("article[data-message]") ?? articles().at(-1);
}

function step(by) {
  const all = articles();
  const at = all.indexOf(document.activeElement?.closest?.("article[data-message]"));
  const next = at < 0 ? all.at(-1) : all[at + by];
  if (!next) return;
  current.view.letGo();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/** Copy the Markdown of a message, and say so. */
export function copyMessage(article) {
  const markdown = article?.querySelector("[data-md]");
  if (markdown) copyAndTell(sourceOf(markdown));
}

function edit(article) {
  let question = article;
  while (question && question.dataset.role !== "user") question = question.previousElementSibling;
  question?.querySelector("[data-edit]")?.click();
}
