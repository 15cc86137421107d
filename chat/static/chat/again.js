// Another answer to the same question.
import { activate, fetchPart, sayError } from "../youworker/js/partials.js";
import { showTimes } from "../youworker/js/time.js";

/** Let the forms below `chat` answer again without leaving the page. */
export function answerAgain(chat, signal) {
  chat.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-regenerate]")) return;
    event.preventDefault();
    regenerate(chat, event.target, event.submitter);
  }, { signal });
}

async function regenerate(chat, form, submitter) {
  const buttons = form.querySelectorAll("button");
  const body = new FormData(form, submitter);
  body.delete("csrfmiddlewaretoken");
  for (const button of buttons) button.disabled = true;
  try {
    const { nodes } = await fetchPart(form.action, { method: "POST", body });
    replaceFrom(chat, form.closest("article"), nodes.querySelector("article"));
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    sayError(error);
  }
}

// It takes the place of the one it is beside, and of what followed that.
function replaceFrom(chat, old, article) {
  while (old.nextElementSibling) old.nextElementSibling.remove();
  old.replaceWith(article);
  activate(article);
  showTimes(article);
  chat.lead(article.dataset.message);
  chat.adopt([article]);
  article.focus({ preventScroll: true });
}
