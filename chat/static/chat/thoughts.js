// What a model thought before it spoke: it grows while it thinks, and is fetched when somebody looks.
import { t } from "../youworker/js/i18n.js";
import { fetchPart } from "../youworker/js/partials.js";
import { renderFinished } from "./finished.js";

/** Add to the thoughts of an answer. */
export function addThought(details, text) {
  const place = details.querySelector("[data-thought]");
  if (!("streamed" in details.dataset)) {
    details.dataset.streamed = "";
    place.replaceChildren();
  }
  details.hidden = false;
  if (place.lastChild?.nodeType === Node.TEXT_NODE) place.lastChild.appendData(text);
  else place.append(text);
}

/** Fetch the thoughts below `chat` when they are opened. */
export function loadThoughts(chat, signal) {
  chat.addEventListener("toggle", ({ target }) => {
    if (target.open && target.dataset.reasoning && !("streamed" in target.dataset)) load(target);
  }, { signal, capture: true });
}

async function load(details) {
  const place = details.querySelector("[data-thought]");
  details.dataset.streamed = "";
  place.textContent = t("Loading…");
  try {
    const { nodes } = await fetchPart(details.dataset.reasoning);
    place.replaceChildren(nodes);
    renderFinished(place);
  } catch (error) {
    delete details.dataset.streamed;
    details.open = false;
    place.textContent = error.detail;
  }
}
