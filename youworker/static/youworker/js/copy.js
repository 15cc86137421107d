// Copying text, also where the page is not served over TLS.
import { element } from "./elements.js";
import { t } from "./i18n.js";
import { toast } from "./toast.js";

/** Copy text; whether it worked. */
export async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused: the older way may still work.
    }
  }
  return copyBySelection(text);
}

function copyBySelection(text) {
  const area = element("textarea", { value: text, className: "visually-hidden", readOnly: true });
  const host = document.querySelector("dialog[open]") ?? document.body;
  host.append(area);
  const focused = document.activeElement;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus?.();
  return done;
}

/** Copy text and say whether it worked, also to who does not see the page. */
export async function copyAndTell(text) {
  const done = await copyText(text);
  toast(done ? t("Copied") : t("Copying failed"), { kind: done ? "success" : "error" });
}

// `<button data-copy="#id">` copies the text of an element.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copyAndTell(document.querySelector(button.dataset.copy).textContent);
});
