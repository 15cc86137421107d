// What the console's library leaves to the mouse and to the eye: every staff page loads this before
// Alpine reads the page. The words are on the script's element, by the names of the icons.
"use strict";

(() => {
  const words = document.currentScript.dataset;
  const ICON = ".material-symbols-outlined";
  const REACHED = "a[href], button, input, select, textarea, summary, label";
  const SHOWN = "a[href], button, input:not([type=hidden]), select, textarea, [role=button]";
  // Whatever else a click does, it opens what has this name.
  const OPENS = /^\s*(\w+) = (?:!\1\b|true)/;
  const NAVIGATION = "sidebarMobileOpen";
  // What a field is for stands below it, without the id by which the field names it.
  const HELP = ".leading-relaxed.text-xs";
  const TOLD = '#main li[class~="*:mb-0!"]';
  const CHOICE = "select.select2-hidden-accessible";

  document.addEventListener("alpine:init", () => {
    document.getElementById("main")?.setAttribute("role", "main");
    prepareList(document.getElementById("changelist-form"));
    prepare(document);
    for (const template of document.querySelectorAll("template")) prepare(template.content);
  });
  document.addEventListener("htmx:load", (event) => prepare(event.target));
  document.addEventListener("htmx:beforeSwap", leaveWhenSignedOut);
  document.addEventListener("keydown", pressButton);
  document.addEventListener("keydown", keepLetters);
  // Before the row, and what was pressed in it, is gone.
  document.addEventListener("click", stayInRows, true);
  // After what makes them, which waits for the same events.
  window.addEventListener("load", () => setTimeout(() => {
    nameWidgets();
    beginPage();
  }));
  document.addEventListener("formset:added", () => setTimeout(nameWidgets));

  function prepare(root) {
    for (const element of root.querySelectorAll("[x-on\\:click]")) {
      if (!element.matches(REACHED) && (element.title || element.textContent.trim())) {
        makeButton(element);
      }
    }
    for (const remover of root.querySelectorAll(".delete-template:not(button)")) {
      remover.setAttribute("role", "button");
      remover.setAttribute("tabindex", "0");
    }
    root.querySelectorAll(ICON).forEach(nameIcon);
  }

  function makeButton(element) {
    const opened = openedBy(element);
    const isToggle = opened === "showPassword";
    element.setAttribute("role", "button");
    element.setAttribute("tabindex", "0");
    if (opened) element.setAttribute(`x-bind:aria-${isToggle ? "pressed" : "expanded"}`, opened);
    // The whole navigation of a wide screen stays as it was chosen.
    if (!opened || isToggle || opened === "sidebarDesktopOpen" || iconIn(element) === "close") return;
    const close = `if (${opened}) { ${opened} = false; $el.focus() }`;
    // Before what was opened hears it, which would close itself and lose the focus.
    element.setAttribute("x-on:keydown.escape.window.capture", close);
  }

  /** What is done to chosen rows comes after them, as it is drawn; how many they are is told, and each has its name. */
  function prepareList(form) {
    for (const box of form?.querySelectorAll("input.action-select") ?? []) {
      const name = box.closest("tr").querySelector("th, td a")?.textContent.trim();
      if (name) box.ariaLabel = `${box.ariaLabel}: ${name}`;
    }
    // On a phone a row is a list, and the heads of its columns stand beside its values.
    for (const { dataset } of form?.querySelectorAll("[data-label]") ?? []) {
      dataset.label = dataset.label.charAt(0).toLocaleUpperCase() + dataset.label.slice(1);
    }
    const acts = form?.querySelector(":scope > :has(> .changelist-actions)");
    if (!acts) return;
    form.append(acts);
    acts.querySelector(".action-counter")?.parentElement.setAttribute("role", "status");
    // The link that chooses all rows goes, and the one that takes it back comes, and the other way round.
    acts.addEventListener("click", ({ target }) => {
      if (target.closest(".question, .clear")) requestAnimationFrame(() => (linkIn(acts) ?? document.getElementById("action-toggle"))?.focus());
    });
  }

  function linkIn(acts) {
    return [...acts.querySelectorAll(":is(.question, .clear) a")].find(isSeen);
  }

  /** A letter looks for a choice in a list; the library's keys, heard by the window, take it for their own. */
  function keepLetters(event) {
    if (event.key.length === 1 && event.target.matches?.("select")) event.stopPropagation();
  }

  function openedBy(element) {
    return OPENS.exec(element.getAttribute("x-on:click"))?.[1];
  }

  /** An icon is a ligature: its text is its name, which nobody should have to hear. */
  function nameIcon(icon) {
    const control = icon.closest("a, button, [role=button]");
    const word = control && words[iconIn(control)];
    if (word && !control.title) control.setAttribute("aria-label", word);
    if (control !== icon) icon.setAttribute("aria-hidden", "true");
  }

  /** The name of the icon that is all a control shows. */
  function iconIn(control) {
    const icon = control.matches(ICON) ? control : control.querySelector(ICON);
    const name = icon?.textContent.trim();
    return control.textContent.trim() === name ? name : undefined;
  }

  function pressButton(event) {
    const element = event.target;
    if (!["Enter", " "].includes(event.key) || element.localName === "button") return;
    if (element.getAttribute?.("role") !== "button" || !element.matches("[x-on\\:click], .delete-template")) return;
    event.preventDefault();
    element.click();
    const opened = openedBy(element);
    if (opened) requestAnimationFrame(() => enter(opened, element));
  }

  /** Go to the first thing of what was opened, as soon as it is seen: it stands elsewhere. */
  function enter(opened, button, frames = 30) {
    if (!frames || button.getAttribute("aria-expanded") !== "true") return;
    const places = `[x-show="${opened}"]${opened === NAVIGATION ? ", #nav-sidebar" : ""}`;
    const seen = [...document.querySelectorAll(places)].find(isSeen);
    const first = [...(seen?.querySelectorAll(SHOWN) ?? [])].find(isSeen);
    if (first) first.focus();
    else requestAnimationFrame(() => enter(opened, button, frames - 1));
  }

  function isSeen(element) {
    return element.checkVisibility();
  }

  /** A part of a page that was led elsewhere is the page to sign in on. */
  function leaveWhenSignedOut({ detail }) {
    const path = (url) => new URL(url, location.href).pathname;
    if (path(detail.xhr.responseURL) === path(detail.pathInfo.finalRequestPath)) return;
    detail.shouldSwap = false;
    location.reload();
  }

  /** A refused form is gone on with at the first field that is wrong; else what was done is read first, and seen. */
  function beginPage() {
    const field = [...document.querySelectorAll("[aria-invalid=true]")].find(isSeen);
    if (field) return enterField(field);
    const told = document.querySelector(TOLD)?.parentElement;
    told?.setAttribute("tabindex", "-1");
    told?.focus();
  }

  /** A new row is gone on with at its first field, and one that was taken away at what adds rows. */
  function stayInRows({ target }) {
    const act = target.closest?.(".add-row, .delete-template");
    const rows = act?.closest(".formset");
    if (!rows) return;
    setTimeout(() => {
      const added = act.matches(".add-row") && [...rows.querySelectorAll(":scope > .form-group:not(.empty-form)")].at(-1);
      const place = [...(added || rows).querySelectorAll(added ? SHOWN : ".add-row")].find(isSeen);
      if (place) enterField(place);
    });
  }

  function enterField(field) {
    (field.matches(CHOICE) ? shownFor(field) : field)?.focus();
  }

  /** What the library draws in place of a list of choices. */
  function shownFor(select) {
    return select.nextElementSibling?.querySelector(".select2-selection");
  }

  function nameWidgets() {
    for (const select of document.querySelectorAll(CHOICE)) {
      const label = select.labels[0];
      const shown = shownFor(select);
      if (!label || !shown) continue;
      label.id ||= `${select.id}-label`;
      const value = shown.querySelector(".select2-selection__rendered");
      // A textbox inside of a combobox, which says the same.
      if (value?.getAttribute("role") === "textbox") {
        value.removeAttribute("role");
        value.removeAttribute("aria-readonly");
      }
      shown.setAttribute("aria-labelledby", [label.id, value?.id].filter(Boolean).join(" "));
    }
    for (const field of document.querySelectorAll("[aria-describedby*=_helptext]")) {
      const help = field.closest(".group")?.querySelector(HELP);
      if (help) help.id ||= /\S+_helptext/.exec(field.getAttribute("aria-describedby"))[0];
    }
    // In a row of others the head of the column is all that says what a field is.
    for (const field of document.querySelectorAll(".formset td[data-label] :is(input:not([type=hidden]), select, textarea)")) {
      if (!field.labels.length) field.ariaLabel ??= field.closest("td").dataset.label;
    }
    for (const tip of document.querySelectorAll(".help-tooltip[aria-label]")) {
      tip.setAttribute("role", "img");
    }
  }
})();
