// Keys outside fields; each can be switched off with all others in the help.
import { button, element } from "./elements.js";
import { t } from "./i18n.js";

const OFF = "keys-off";
const bound = new Map();

/** Bind a plain key: it acts outside fields and dialogs, without Ctrl, Alt or Meta. */
export function bindKey(key, says, act) {
  bound.set(key, { says, act });
}

/** Whether the event belongs to a field, where keys are text. */
function isTyping(event) {
  return event.target.matches?.("input, textarea, select, [contenteditable]");
}

function keysAreOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

function switchKeys(off) {
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
  const pairs = [...bound].flatMap(([key, { says }]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, says)]);
  const box = element("input", { type: "checkbox", checked: !keysAreOff() });
  box.addEventListener("change", () => switchKeys(!box.checked));
  dialog.replaceChildren(
    element("h2", { id: "dialog-title" }, t("Keys")),
    element("dl", { className: "keys" }, ...pairs),
    element("label", {}, box, ` ${t("Use these keys")}`),
    element("div", { className: "actions" }, button({}, () => dialog.close(), t("Close"))),
  );
  dialog.showModal();
}
