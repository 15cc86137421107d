// How many calls of tools wait for the signed-in user, beside the sections of every page.
import { t } from "./i18n.js";
import { pageHeaders } from "./net.js";

const LOOK_MS = 30_000;
const link = document.querySelector("[data-waiting]");
let timer = 0;

// Not by `net.js`: that an idle page is signed out is no reason to ask for the password.
async function look() {
  clearTimeout(timer);
  if (!document.hidden) {
    try {
      const headers = { ...pageHeaders("GET"), Accept: "application/json" };
      const answer = await fetch("/v1/approvals?limit=1", { headers, cache: "no-store" });
      // Nobody is signed in any more.
      if (answer.status === 401 || answer.status === 403) return;
      if (answer.ok) show((await answer.json()).count);
    } catch {
      // It is looked for again.
    }
  }
  timer = setTimeout(look, LOOK_MS);
}

function show(count) {
  const words = count ? t("%(count)s waiting for you", { count }) : "";
  link.hidden = !count;
  // Small screens show no more than that.
  link.dataset.number = count;
  const place = link.querySelector("[data-count]");
  if (place.textContent !== words) place.textContent = words;
}

if (link) {
  document.addEventListener("yw-approvals", look);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  look();
}
