// Copying text, also where the page is not served over TLS.
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
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  area.readOnly = true;
  const host = document.querySelector("dialog[open]") ?? document.body;
  host.append(area);
  const focused = document.activeElement;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus?.();
  return done;
}

// `<button data-copy="#id">` copies the text of an element.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  if (!source) return;
  const done = await copyText(source.value ?? source.textContent);
  toast(done ? t("Copied") : t("Copying failed"), { kind: done ? "success" : "error" });
});
