// A tool that waits for a decision.
import { element } from "../youworker/js/elements.js";
import { post } from "../youworker/js/net.js";
import { t } from "../youworker/js/i18n.js";

/** A card that asks whether a tool may be called; it goes when that is decided. */
export function approvalCard(run, { tool_run_id: call, tool, args }) {
  const note = element("p", { className: "hint" });
  note.setAttribute("role", "status");
  const decide = async (decision) => {
    for (const button of buttons) button.disabled = true;
    try {
      await post(`/v1/runs/${run}/approvals/${call}`, { decision });
      card.remove();
    } catch (error) {
      // Answered elsewhere, or timed out: what became of it comes as an event.
      if (error.status === 409) card.remove();
      for (const button of buttons) button.disabled = false;
      note.textContent = error.status === 0 ? t("The server cannot be reached. Try again.") : error.detail;
    }
  };
  const choice = (text, className, decision) => {
    const button = element("button", { type: "button", className }, text);
    button.addEventListener("click", () => decide(decision));
    return button;
  };
  const buttons = [
    choice(t("Allow once"), "button primary", "allow"),
    choice(t("Deny"), "button danger", "deny"),
  ];
  const card = element(
    "div", { className: "approval card" },
    element("p", {}, element("strong", {}, t("Allow %(tool)s?", { tool }))),
    element("pre", { dir: "ltr" }, argumentsShown(args)),
    element("div", { className: "actions" }, ...buttons),
    note,
  );
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", t("Allow %(tool)s?", { tool }));
  card.dataset.approval = call;
  return card;
}

/** Arguments as people can read them. */
export function argumentsShown(args) {
  if (args === undefined || args === null) return "";
  return typeof args === "string" ? args : JSON.stringify(args, null, 2);
}
