// The steps an answer takes with tools, each folded.
import { element } from "../youworker/js/elements.js";
import { language, t } from "../youworker/js/i18n.js";
import { argumentsShown } from "./approvals.js";

const seconds = new Intl.NumberFormat(language, { style: "unit", unit: "second", maximumFractionDigits: 1 });

/** Show what an event of a tool says in the step it belongs to, below `tools`. */
export function showStep(tools, { tool_run_id: id, tool, status, args, latency_ms: latency, result_preview: result }) {
  if (!tools) return;
  const step = tools.querySelector(`[data-tool="${CSS.escape(id)}"]`) ?? addStep(tools, id, tool);
  step.dataset.status = status;
  const words = { start: t("running"), approval: t("waiting"), error: t("failed"), end: "" }[status] ?? status;
  const figures = latency === undefined || latency === null ? "" : seconds.format(latency / 1000);
  step.querySelector(".step-state").textContent = [words, figures].filter(Boolean).join(" · ");
  if (args !== undefined) fill(step, "args", argumentsShown(args));
  if (result) fill(step, "result", result);
}

function addStep(tools, id, tool) {
  const step = element(
    "details", { className: "tool" },
    element("summary", {}, element("span", { className: "step-name", dir: "auto" }, tool), " ", element("span", { className: "step-state" })),
  );
  step.dataset.tool = id;
  tools.append(step);
  tools.hidden = false;
  return step;
}

function fill(step, part, text) {
  let place = step.querySelector(`[data-part="${part}"]`);
  if (!place) {
    place = element("pre", { dir: "auto" });
    place.dataset.part = part;
    step.append(place);
  }
  if (place.textContent !== text) place.textContent = text;
}
