// `<a data-dialog href>` opens the page behind the link as a dialog; and the dialog that asks
// somebody to sign in again over the page they are on.
import { pageUser } from "./net.js";
import { fetchPart, sayError, swapIn } from "./partials.js";

const dialog = () => document.getElementById("dialog");
let opener = null;

/** Show what a page route answers to htmx in the page's dialog; whether it is shown. */
async function openDialog(url, from = document.activeElement) {
  let part;
  try {
    part = await fetchPart(url);
  } catch (error) {
    sayError(error);
    return false;
  }
  swapIn(part.text, dialog());
  // A menu does not stay open behind what was chosen in it.
  const menu = from?.closest?.("details[data-menu]");
  if (menu) menu.open = false;
  opener = menu?.querySelector("summary") ?? from;
  if (!dialog().open) dialog().showModal();
  dialog().querySelector("[autofocus]")?.focus();
  return true;
}

/** Close the dialog; the focus returns to what opened it. */
function closeDialog() {
  if (dialog().open) dialog().close();
}

const SIGN_IN = "/sign-in";
let asking = false;

/** Ask for the password over the page; what was typed there stays. */
async function askToSignIn() {
  if (asking) return;
  asking = true;
  asking = await openDialog(SIGN_IN);
}

document.addEventListener("yw-signed-out", askToSignIn);
document.addEventListener("yw-signed-in", (event) => {
  asking = false;
  closeDialog();
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
  if (event.target.closest?.("dialog [data-close]") || event.target === dialog()) closeDialog();
});

document.addEventListener("close", (event) => {
  if (event.target !== dialog()) return;
  asking = false;
  dialog().replaceChildren();
  if (opener?.isConnected) opener.focus();
  opener = null;
}, true);
