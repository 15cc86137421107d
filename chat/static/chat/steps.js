// The steps an answer takes with tools, each folded.
import { element } from "../youworker/js/elements.js";
import { language, t } from "../youworker/js/i18n.js";

const seconds = new Intl.NumberFormat(language, { style: "unit", unit: "second", unitDisplay: "narrow", maximumFractionDigits: 1 });

/** Show what an event of a tool says in the step it belongs to, below `tools`. */
export function showStep(tools, { tool_run_id: id, tool, status, args, latency_ms: latency, result_preview: result, progress }) {
  if (!tools) return;
  const step = tools.querySelector(`[data-tool="${CSS.escape(id)}"]`) ?? addStep(tools, id, tool);
  // A sign of progress may come behind the end it was sent before.
  if (status === "progress" && ["end", "error"].includes(step.dataset.status)) return;
  step.dataset.status = status === "progress" ? "start" : status;
  const figures = latency === undefined || latency === null ? "" : seconds.format(latency / 1000);
  if (status === "progress") {
    step.querySelector(".tool-state").textContent = progressWords(progress);
    return;
  }
  const words = { start: t("at work"), approval: t("asks for your permission"), error: t("failed"), end: figures };
  step.querySelector(".tool-state").textContent = words[status] ?? "";
  if (args && Object.keys(args).length) fill(step, "tool-args", t("Asked with"), JSON.stringify(args, null, 2));
  if (result) fill(step, "tool-result", t("Answered"), result);
  askIfNeeded(step, status);
}

/** Show the way to a page of ours where something has to be done before a tool works. */
export function showWay(tools, words, url) {
  if (!tools || tools.querySelector(`a[href="${CSS.escape(url)}"]`)) return;
  tools.append(element("p", { className: "tool-way" }, element("a", { href: url, target: "_blank", rel: "noopener" }, words)));
}

function progressWords({ done, total, message }) {
  const share = total ? t("%(percent)s %", { percent: Math.min(100, Math.round((done / total) * 100)) }) : "";
  return [share, message].filter(Boolean).join(" · ") || t("at work");
}

function addStep(tools, id, tool) {
  const step = templateOf(tools, "step").querySelector("details");
  step.dataset.tool = id;
  step.querySelector(".tool-name").textContent = wordsFor(tool);
  tools.append(step);
  return step;
}

/** What people call a tool, as the page says; its name where that has no words for it. */
export function wordsFor(tool) {
  const words = JSON.parse(document.getElementById("tool-words").textContent);
  return words[tool] ?? tool;
}

function fill(step, name, heading, text) {
  let place = step.querySelector(`.${name}`);
  if (!place) {
    place = element("pre", { className: name, dir: name === "tool-args" ? "ltr" : "auto", tabIndex: 0 });
    step.append(element("p", { className: "hint" }, heading), place);
  }
  if (place.textContent !== text) place.textContent = text;
}

function askIfNeeded(step, status) {
  const form = step.querySelector("[data-approval]");
  if (status !== "approval") form?.remove();
  else if (!form) {
    step.append(templateOf(step, "approval").querySelector("form"));
    step.open = true;
  }
}

function templateOf(element, name) {
  return element.closest("yw-chat").querySelector(`template[data-tool="${name}"]`).content.cloneNode(true);
}
