// What was typed and not sent, kept in this browser for each conversation until somebody signs out.
import { pageUser } from "../youworker/js/net.js";

const PREFIX = "draft:";
const MOST = 50;
const LONGEST = 200_000;

/** The draft of a conversation: `{text, files, model, key, at}`; null when there is none. */
export function readDraft(session) {
  try {
    return JSON.parse(localStorage.getItem(nameOf(session)));
  } catch {
    return null;
  }
}

/** Keep a draft; an empty one is forgotten. */
export function keepDraft(session, draft) {
  if (!draft.text && !draft.files?.length) return forgetDraft(session);
  if (draft.text.length > LONGEST) return;
  try {
    localStorage.setItem(nameOf(session), JSON.stringify({ ...draft, at: Date.now() }));
    forgetOldest();
  } catch {
    // Storage is full or switched off: the text still stands in the field.
  }
}

export function forgetDraft(session) {
  try {
    localStorage.removeItem(nameOf(session));
  } catch {
    // Storage is switched off: there is none.
  }
}

/** Hear of what another tab does to the draft of a conversation (null: it was sent or emptied). */
export function watchDraft(session, heard, signal) {
  addEventListener("storage", (event) => {
    if (event.key === nameOf(session())) heard(readDraft(session()));
  }, { signal });
}

function nameOf(session) {
  // Two people may use one browser.
  return `${PREFIX}${pageUser()}:${session || "new"}`;
}

function forgetOldest() {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  if (names.length <= MOST) return;
  const ages = names.map((name) => [JSON.parse(localStorage.getItem(name) ?? "{}").at ?? 0, name]);
  ages.sort(([one], [other]) => one - other);
  for (const [, name] of ages.slice(0, names.length - MOST)) localStorage.removeItem(name);
}
