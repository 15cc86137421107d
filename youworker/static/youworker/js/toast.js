// Short messages at the foot of the page.
import { button, element } from "./elements.js";
import { t } from "./i18n.js";

const STAYS_MS = { info: 6000, success: 6000, warning: 12000, error: 0 };
export const UNDO_MS = 10_000;

/** Show a message; an error stays until it is closed. */
export function toast(text, { kind = "info" } = {}) {
  // What is tried every few seconds fails every few seconds.
  if (kind === "error" && isShown(text)) return;
  const close = button({ className: "button quiet icon-only", ariaLabel: t("Close") }, () => closeToast(shown), "×");
  const shown = element("div", { className: `toast ${kind}` }, element("p", {}, text), close);
  if (kind === "error") shown.role = "alert";
  document.getElementById("toasts")?.append(shown);
  dismissLater(shown, STAYS_MS[kind]);
}

/** Take a message away after a while, but not while somebody points at it. */
export function dismissLater(shown, after = shown.classList.contains("error") ? 0 : STAYS_MS.info) {
  if (!after) return;
  const dismiss = () => (shown.matches(":hover, :focus-within") ? setTimeout(dismiss, 1000) : closeToast(shown));
  setTimeout(dismiss, after);
}

/** Take a message away now. */
export function closeToast(shown) {
  shown?.remove();
}

function isShown(error) {
  return [...document.querySelectorAll("#toasts .toast.error > p")].some(({ textContent }) => textContent === error);
}
