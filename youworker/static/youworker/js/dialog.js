// `<a data-dialog href>` opens the page behind the link as a dialog; and the dialog that asks
// somebody to sign in again over the page they are on.
import { pageUser } from "./net.js";
import { fetchPart, sayError, swapIn } from "./partials.js";

const dialog = () => document.getElementById("dialog");
// Of its own: what was typed into another dialog stays below.
const signIn = () => document.getElementById("sign-in");
let opener = null;

/** Show what a page route answers to htmx in the page's dialog. */
async function openDialog(url, from = document.activeElement) {
  if (!(await show(url, dialog()))) return;
  // A menu does not stay open behind what was chosen in it.
  const menu = from?.closest?.("details[data-menu]");
  if (menu) menu.open = false;
  opener = menu?.querySelector("summary") ?? from;
}

async function show(url, box) {
  let part;
  try {
    part = await fetchPart(url);
  } catch (error) {
    sayError(error);
    return false;
  }
  swapIn(part.text, box);
  if (!box.open) box.showModal();
  const field = box.querySelector("[autofocus]");
  field?.focus();
  // What is there is gone on with.
  if (field?.matches("textarea")) field.setSelectionRange(field.value.length, field.value.length);
  return true;
}

const SIGN_IN = "/sign-in";
let asking = false;

/** Ask for the password over the page; what was typed there stays. */
async function askToSignIn() {
  if (asking) return;
  asking = true;
  asking = await show(SIGN_IN, signIn());
}

// Somebody may have signed in meanwhile in another tab, as with an identity provider. Not by `net.js`:
// it may be somebody else, whom a page of ours is not for.
async function lookWhoIsBack() {
  if (document.hidden || !signIn()?.open) return;
  try {
    const answer = await fetch("/v1/auth/me", { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok || !signIn().open) return;
    const { id } = await answer.json();
    document.dispatchEvent(new CustomEvent("yw-signed-in", { detail: { user: id } }));
  } catch {
    // It is looked again when they come back again.
  }
}

document.addEventListener("visibilitychange", lookWhoIsBack);
addEventListener("focus", lookWhoIsBack);
document.addEventListener("yw-signed-out", askToSignIn);
document.addEventListener("yw-signed-in", (event) => {
  asking = false;
  signIn().close();
  const { user } = event.detail ?? {};
  if (!user || user === pageUser()) return;
  // Somebody else's page must not stay, and what waits on it must not be sent in their name.
  event.stopImmediatePropagation();
  location.reload();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-dialog]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openDialog(link.href, link);
    return;
  }
  const box = event.target.closest?.("dialog");
  if (event.target === box || event.target.closest?.("dialog [data-close]")) box.close();
});

document.addEventListener("close", (event) => {
  if (event.target === signIn()) asking = false;
  else if (event.target !== dialog()) return;
  event.target.replaceChildren();
  // The browser itself gives the focus back to where it was.
  if (event.target === signIn()) return;
  if (opener?.isConnected) opener.focus();
  opener = null;
}, true);
