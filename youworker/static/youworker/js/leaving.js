// Forms that leave the page are sent while the page's user is signed in and the server answers;
// else the page stays, with what was typed.
import { csrfToken, get, pageUser } from "./net.js";
import { sayError } from "./partials.js";

const WHO = "/v1/auth/me";
const SERVER_ERROR = 500;
const beingChecked = new WeakSet();
const checked = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !pageUser() || !leaves(form) || checked.delete(form)) return;
  event.preventDefault();
  if (!beingChecked.has(form)) send(form, event.submitter);
});

// Properties of a form may be hidden by fields of the same names.
function leaves(form) {
  return form.getAttribute("method")?.toLowerCase() === "post" && !form.hasAttribute("target") && !form.matches("[data-sign-out]");
}

async function send(form, submitter) {
  beingChecked.add(form);
  const held = await findHindrance();
  beingChecked.delete(form);
  if (held) return sayError(held);
  // The token of the form is older than a sign-in over the page.
  const token = form.querySelector("input[name=csrfmiddlewaretoken]");
  if (token) token.value = csrfToken() || token.value;
  checked.add(form);
  form.requestSubmit(submitter);
  // Where a field has become invalid, nothing was sent.
  checked.delete(form);
}

/** Why a form should not be sent now; null if it may. Somebody who is signed out is asked to sign in. */
async function findHindrance() {
  try {
    await get(WHO);
    return null;
  } catch (error) {
    const passes = error.status > 0 && error.status < SERVER_ERROR && error.status !== 401;
    return passes ? null : error;
  }
}
