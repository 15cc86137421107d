// Tools that wait for a decision: the form of the page, answered without leaving it.
import { post } from "../youworker/js/net.js";
import { sayError } from "../youworker/js/partials.js";

/** Let the forms below `chat` decide; what becomes of it comes as events of the run. */
export function answerApprovals(chat, signal) {
  chat.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-approval]");
    if (!form) return;
    event.preventDefault();
    decide(form, event.submitter?.value);
  }, { signal });
}

async function decide(form, decision) {
  const { run } = form.closest("article").dataset;
  const { tool } = form.closest("[data-tool]").dataset;
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    await post(`/v1/runs/${run}/approvals/${tool}`, { decision });
    form.remove();
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    // Answered elsewhere, or too late.
    if (error.status === 409) form.remove();
    sayError(error);
  }
}
