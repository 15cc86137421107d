// Keys outside fields; each can be switched off with all others in the help.
import { t } from "./i18n.js";

const OFF = "keys-off";
const bound = new Map();

/** Bind a plain key: it acts outside fields and dialogs, without Ctrl, Alt or Meta. */
export function bindKey(key, says, act) {
  bound.set(key, { says, act });
}

/** Whether the event belongs to a field, where keys are text. */
export function isTyping(event) {
  return event.target.matches?.("input, textarea, select, [contenteditable]");
}

/** The keys of this page with what they do. */
export function boundKeys() {
  return [...bound].map(([key, { says }]) => ({ key, says }));
}

export function keysAreOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

export function switchKeys(off) {
  try {
    localStorage.setItem(OFF, off ? "1" : "0");
  } catch {
    // Storage may be switched off: then they stay on.
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isTyping(event)) return;
  if (document.querySelector("dialog[open]") || (keysAreOff() && event.key !== "?")) return;
  const found = bound.get(event.key);
  if (!found) return;
  event.preventDefault();
  found.act(event);
});

bindKey("?", t("Show the keys"), showHelp);

/** List the keys in the page's dialog. */
function showHelp() {
  const dialog = document.getElementById("dialog");
  const heading = document.createElement("h2");
  heading.id = "dialog-title";
  heading.textContent = t("Keys");
  const list = document.createElement("dl");
  list.className = "keys";
  for (const { key, says } of boundKeys()) {
    const term = document.createElement("dt");
    const shown = document.createElement("kbd");
    shown.textContent = key;
    term.append(shown);
    const words = document.createElement("dd");
    words.textContent = says;
    list.append(term, words);
  }
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = !keysAreOff();
  box.addEventListener("change", () => switchKeys(!box.checked));
  label.append(box, ` ${t("Use these keys")}`);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button";
  close.dataset.close = "";
  close.textContent = t("Close");
  const actions = document.createElement("div");
  actions.className = "actions";
  actions.append(close);
  dialog.replaceChildren(heading, list, label, actions);
  dialog.showModal();
}
