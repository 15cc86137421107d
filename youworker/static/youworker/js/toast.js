// Short messages at the foot of the page.
import { t } from "./i18n.js";

const STAYS_MS = { info: 6000, success: 6000, warning: 12000, error: 0 };
export const UNDO_MS = 10_000;

/**
 * Show a message; an error stays until it is closed.
 * With `undo` (a function) it has a button for ten seconds; `label` is what the button says.
 */
export function toast(text, { kind = "info", undo, label } = {}) {
  // What is tried every few seconds fails every few seconds.
  const said = kind === "error" && !undo && findError(text);
  if (said) return said;
  const element = document.createElement("div");
  element.className = `toast ${kind}`;
  if (kind === "error") element.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = text;
  element.append(words);
  if (undo) element.append(button(label ?? t("Undo"), "button", () => { closeToast(element); undo(); }));
  element.append(button("×", "button quiet icon-only", () => closeToast(element), t("Close")));
  document.getElementById("toasts")?.append(element);
  dismissLater(element, undo ? UNDO_MS : STAYS_MS[kind]);
  return element;
}

/** Take a message away after a while, but not while somebody points at it. */
export function dismissLater(element, after = element.classList.contains("error") ? 0 : STAYS_MS.info) {
  if (!after) return;
  const dismiss = () => (element.matches(":hover, :focus-within") ? setTimeout(dismiss, 1000) : closeToast(element));
  setTimeout(dismiss, after);
}

/** Take a message away now. */
export function closeToast(element) {
  element?.remove();
}

function findError(text) {
  const words = [...document.querySelectorAll("#toasts .toast.error > p")];
  return words.find(({ textContent }) => textContent === text)?.parentElement;
}

function button(text, className, act, name) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = text;
  if (name) made.setAttribute("aria-label", name);
  made.addEventListener("click", act);
  return made;
}
