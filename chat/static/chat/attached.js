// Files of questions that were asked: opened beside the chat, kept in the library, and brought up to date.
import { activate, fetchPart, sayError } from "../youworker/js/partials.js";

/** Let the files below `chat` be opened and kept without leaving the page. */
export function useAttached(chat, signal) {
  chat.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-document]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    chat.openCitation({ document_id: link.dataset.document, title: link.textContent.trim() }, link);
  }, { signal });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-attach-document], a[data-close-dialog]");
    const dialog = link?.closest("dialog");
    if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { attachDocument: id } = link.dataset;
    if (id) chat.composer?.attachments.refer([{ id, name: link.textContent.trim() }]);
    dialog.close();
  }, { signal });
  chat.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-keep]")) return;
    event.preventDefault();
    keep(event.target);
  }, { signal });
}

async function keep(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const { nodes } = await fetchPart(form.action, { method: "POST" });
    const file = nodes.querySelector("li");
    form.closest("li").replaceWith(file);
    activate(file);
    (file.querySelector("a") ?? file).focus();
  } catch (error) {
    button.disabled = false;
    sayError(error);
  }
}

/** Show how the files of a question stand now, when one of them was being read. */
export async function refreshAttached(question) {
  const list = question?.querySelector(".files");
  if (!list?.querySelector('[data-status="reading"]')) return;
  try {
    const { nodes } = await fetchPart(`/chat/messages/${question.dataset.message}`);
    const fresh = nodes.querySelector(".files");
    if (!fresh || !list.isConnected) return;
    list.replaceWith(fresh);
    activate(fresh);
  } catch {
    // The next look at the conversation shows it.
  }
}
