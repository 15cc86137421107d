// What every page does: menus, dialogs, messages, times, and htmx's requests.
import "./dialog.js";
import "./leaving.js";
import "./one-stop.js";
import "./returning.js";
import "./waiting.js";
import "./zone.js";
import { isFocusLost } from "./elements.js";
import { pageHeaders } from "./net.js";
import { UNDO_MS, closeToast, dismissLater, toast } from "./toast.js";
import { showTimes } from "./time.js";
import { t } from "./i18n.js";

// The token changes when somebody signs in again, so what a form was made with may be old.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  Object.assign(ctx.request.headers, pageHeaders(ctx.request.method));
  ctx.request.body?.delete?.("csrfmiddlewaretoken");
});

document.addEventListener("htmx:error", () => toast(t("The server cannot be reached. Try again."), { kind: "error" }));
document.addEventListener("htmx:after:settle", ({ target, detail: { task, newContent } }) => {
  showTimes(document);
  enterRefused(target);
  if (left.has(task) && isFocusLost()) goOn(newContent);
});

// What brings more of a list is replaced by it: who was there goes on at its first row.
const left = new WeakSet();
document.addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
  for (const task of tasks) {
    if (task.target?.matches?.(".more") && task.target.contains(document.activeElement)) left.add(task);
  }
});

function goOn(nodes) {
  const links = nodes.flatMap((node) => [...(node.querySelectorAll?.("a, button") ?? [])]);
  links[0]?.focus();
}

document.addEventListener("click", (event) => {
  const close = event.target.closest?.(".toast [data-close]");
  if (close) closeToast(close.closest(".toast"));
  closeMenus(event.target);
  const toggle = event.target.closest?.("[data-toggle]");
  const drawer = document.querySelector(".sidebar.open");
  if (toggle) toggleTarget(toggle, event);
  else if (drawer && !drawer.contains(event.target) && !event.target.closest?.("dialog")) closeDrawer(drawer);
});

// What the keyboard comes to does not lie below a menu. Not for the mouse: what it is about to click would move.
document.addEventListener("keyup", ({ key, target }) => key === "Tab" && closeMenus(target));

function closeMenus(outside) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(outside)) menu.open = false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest?.("details[data-menu][open]") ?? document.querySelector("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
    return;
  }
  const drawer = document.querySelector(".sidebar.open");
  if (drawer) closeDrawer(drawer);
});

// A drawer and the button that opens it: `<a href="#sidebar" data-toggle="sidebar">`.
function toggleTarget(button, event) {
  const target = document.getElementById(button.dataset.toggle);
  if (!target) return;
  event.preventDefault();
  const open = target.classList.toggle("open");
  button.setAttribute("aria-expanded", String(open));
  if (open) target.querySelector("a, button, input")?.focus();
}

function closeDrawer(drawer) {
  drawer.classList.remove("open");
  const button = document.querySelector(`[data-toggle="${CSS.escape(drawer.id)}"]`);
  button?.setAttribute("aria-expanded", "false");
  button?.focus();
}

// A form that comes back refused is gone on with where it was refused; the button that sent it is gone.
function enterRefused(root) {
  const field = root.querySelector?.(".field.invalid :is(input:not([type=hidden]), select, textarea)");
  (field ?? root.querySelector?.("form:not(:has([autofocus])) > .notice.error[tabindex]"))?.focus();
}

// Signing out takes what was typed and not sent with it.
document.addEventListener("submit", (event) => {
  if (!event.target.matches?.("[data-sign-out]")) return;
  try {
    localStorage.clear();
    sessionStorage.clear();
  } catch {
    // Storage may be switched off.
  }
});

// On a phone the tabs are wider than the screen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
showTimes(document);
enterRefused(document);
// A fragment in the address takes the focus away when the page has come.
addEventListener("load", () => isFocusLost() && enterRefused(document));
for (const shown of document.querySelectorAll("#toasts .toast")) {
  dismissLater(shown, shown.querySelector("form") ? UNDO_MS : undefined);
}
