// What stands around a conversation: the list of all, and the head of this one.
import { activate, fetchPart } from "../youworker/js/partials.js";
import { morph } from "./morph.js";

// More were asked for by hand.
const LISTED = 40;

/** Bring the list of conversations up to date, unless somebody uses it. */
export async function refreshList(session) {
  const list = document.getElementById("sessions");
  if (!list?.dataset.list || isUsed(list)) return;
  const nodes = await part(list.dataset.list);
  const fresh = nodes?.querySelector("#sessions");
  if (!fresh || !list.isConnected || isUsed(list)) return;
  fresh.querySelector(`[data-session="${CSS.escape(session)}"] > a`)?.setAttribute("aria-current", "page");
  activate(morph(list, fresh));
}

function isUsed(list) {
  const search = document.querySelector('[data-test="session-list"] input[type="search"]');
  return list.contains(document.activeElement) || list.querySelectorAll("li").length > LISTED || search?.value;
}

// A model names a conversation when nobody waits for it; after a while nobody looks any more.
const LOOKS_MS = [1500, 2500, 4000, 8000, 16000];

/** Show the title that a model finds for a new conversation, as soon as it is there. */
export async function awaitTitle(chat, url, signal) {
  const isUnnamed = () => chat.querySelector("[data-awaits-title]");
  // A short answer may be there before the head that says whether a title may come.
  await chat.headed;
  if (chat.dataset.awaitingTitle === url || !isUnnamed()) return;
  chat.dataset.awaitingTitle = url;
  for (const pause of LOOKS_MS) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (signal.aborted || chat.dataset.ask !== url) break;
    // Nobody loses the menu they are in.
    if (!chat.querySelector(".chat-head details[open]")) await refreshHead(chat, url);
    if (!isUnnamed()) break;
  }
  delete chat.dataset.awaitingTitle;
  if (!signal.aborted && !isUnnamed()) await refreshList(chat.session);
}

/** Bring title and menu of a conversation up to date. */
export async function refreshHead(chat, url) {
  const nodes = await part(url);
  const head = nodes?.querySelector(".chat-head");
  if (!head || !chat.isConnected) return;
  chat.querySelector(".chat-head").replaceWith(head);
  activate(head);
  document.title = `${head.querySelector("h1").textContent.trim()} · YouWorker`;
}

// Nobody waits for it: the next look brings it as well.
async function part(url) {
  try {
    return (await fetchPart(url)).nodes;
  } catch {
    return null;
  }
}
