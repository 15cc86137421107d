// Tools that wait for a decision: the form of the page, answered without leaving it.
import { isFocusLost } from "../youworker/js/elements.js";
import { post } from "../youworker/js/net.js";
import { sayError } from "../youworker/js/partials.js";

/** Let the forms below `chat` decide; what becomes of it comes as events of the run. */
export function answerApprovals(chat, signal) {
  chat.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-approval]");
    if (!form) return;
    event.preventDefault();
    decide(form, event.submitter);
  }, { signal });
}

const REACHES = new Set(["conversation", "everywhere"]);

async function decide(form, submitter) {
  const step = form.closest("[data-tool]");
  const { run } = form.closest("article").dataset;
  const { tool } = step.dataset;
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    await post(`/v1/runs/${run}/approvals/${tool}`, bodyOf(submitter?.value));
    form.remove();
    giveFocus(step.querySelector("summary"));
    document.dispatchEvent(new CustomEvent("yw-approvals"));
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    // Answered elsewhere, or too late.
    if (error.status === 409) form.remove();
    giveFocus(error.status === 409 ? step.querySelector("summary") : submitter);
    sayError(error);
  }
}

// Whoever went elsewhere stays there.
function giveFocus(element) {
  if (isFocusLost()) element?.focus({ preventScroll: true });
}

// What the button says: once, never, or further calls as well.
function bodyOf(word) {
  return REACHES.has(word) ? { decision: "allow", remember: true, remember_for: word } : { decision: word };
}
