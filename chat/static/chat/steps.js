// The steps an answer takes with tools, each folded.
import { element } from "../youworker/js/elements.js";
import { language, t } from "../youworker/js/i18n.js";

const seconds = new Intl.NumberFormat(language, { style: "unit", unit: "second", unitDisplay: "narrow", maximumFractionDigits: 1 });

/** Show what an event of a tool says in the step it belongs to, below `tools`. */
export function showStep(tools, event) {
  const { tool_run_id: id, tool, status, args, latency_ms: latency, result_preview: result, progress } = event;
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
  if (args && Object.keys(args).length) fill(step, "tool-args", t("Asked with"), readable(args));
  if (event.error) showError(step, event.error);
  else if (result) fill(step, "tool-result", t("Answered"), result);
  if (event.files?.length) showFiles(step, event.files);
  askIfNeeded(step, event);
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

/** Say why a call failed, as the page says it; the model was told so in English. */
function showError(step, words) {
  const place = step.querySelector(".error") ?? step.appendChild(element("p", { className: "error", dir: "auto" }));
  if (place.textContent !== words) place.textContent = words;
}

function showFiles(step, files) {
  if (step.querySelector(".files")) return;
  const images = files.filter(({ mime, status }) => mime.startsWith("image/") && status !== "removed" && status !== "failed");
  step.append(element("ul", { className: "files", ariaLabel: t("Files of the result") }, ...files.map((file) => fileItem(file, images.includes(file)))));
  // A picture is looked at, other files are there for those who want them.
  if (images.length) step.open = true;
}

function fileItem({ id, document_id: document, name }, isImage) {
  const href = document ? `/documents/${document}` : isImage ? `/chat/attachments/${id}/picture` : "";
  const link = href ? element("a", { href, target: "_blank", rel: "noopener" }, name) : name;
  if (document) link.dataset.document = document;
  const words = element("span", { className: "file-name", dir: "auto" }, link);
  const image = isImage && element("img", { src: `/v1/attachments/${id}/thumbnail`, alt: "", loading: "lazy", width: 160, height: 120 });
  const item = element("li", { className: "file" }, ...(image ? [image, words] : [words]));
  item.dataset.attachment = id;
  return item;
}

/** What a tool is asked with, as people read it; what would be invisible, or turn the text round, is spelt out. */
export function readable(args) {
  return JSON.stringify(args, null, 2).replace(/[\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${sign.codePointAt(0).toString(16)}}`);
}

function askIfNeeded(step, event) {
  const form = step.querySelector("[data-approval]");
  if (event.status !== "approval") form?.remove();
  else if (!form) {
    step.append(formFor(step, event));
    step.open = true;
  }
}

function formFor(step, { tool, server = "", reason, approver, groups = [], can_remember: mayRemember = false }) {
  const form = templateOf(step, "approval").querySelector("form");
  const names = { tool: wordsFor(tool), server, groups: groups.join(", ") };
  const asksAdmins = approver === "admin";
  form.querySelector("[data-asked]").hidden = reason !== "untrusted";
  form.querySelector("[data-question]").textContent = asksAdmins
    ? t("An admin of %(groups)s is asked, who sees the tool and what it is asked with.", names)
    : t("May %(tool)s be used with this?", names);
  form.querySelector("[data-server]").textContent = server && !asksAdmins ? t("Tool server: %(server)s", names) : "";
  if (asksAdmins) for (const button of form.querySelectorAll("button")) button.remove();
  if (!mayRemember) form.querySelector(".remember")?.remove();
  return form;
}

function templateOf(element, name) {
  return element.closest("yw-chat").querySelector(`template[data-tool="${name}"]`).content.cloneNode(true);
}
