// Speaking and listening: loaded when somebody is about to use them, or did so before on this page.
import { remembered } from "../youworker/js/memory.js";
import { readDraft } from "./drafts.js";
import { HOLDING, RUN, WISH } from "./wishes.js";

// Whoever comes near a button by mouse or keyboard has it ready when it is pressed.
const SIGNS = ["pointerover", "focusin", "pointerdown", "keydown", "click"];
const ENDS = ["pointerup", "pointercancel", "keyup", "blur"];
const BUTTONS = ".composer-row, [data-read-aloud]";

let voices = null;
let loading = null;

function load() {
  loading ??= import("./voices.js").then((loaded) => { voices = loaded; }, (error) => { loading = null; throw error; });
  return loading;
}

/** Load it before the chat begins, where answers are read aloud or a question was spoken before. */
export async function loadIfUsed(session) {
  if (!remembered("localStorage", WISH) && !remembered("sessionStorage", RUN) && !readDraft(session)?.spoken) return;
  try {
    await load();
  } catch {
    // The answer is read, then.
  }
}

/**
 * Give a chat what its page has for it: `reading`, `spoken` (answers that are heard while they are made) and
 * `talking` (questions that are spoken).
 */
export function useSpeech(chat, form, signal) {
  const talk = form?.querySelector("[data-talk]");
  const hush = form?.querySelector("[data-hush]");
  const begin = () => {
    if (chat.reading || signal.aborted) return;
    chat.reading = new voices.ReadingAloud(chat);
    if (hush && globalThis.AudioContext) chat.spoken = new voices.SpokenAnswer(hush, form.elements.speak);
    if (talk) chat.talking = new voices.Talking(chat, talk);
  };
  if (voices) return begin();
  const hear = async (event) => {
    const near = event.target.closest?.(BUTTONS);
    if (!near || chat.reading || !(talk || hush || near.matches("[data-read-aloud]"))) return;
    // A key that is held would press the button when it is let go.
    const isKey = HOLDING.includes(event.key) && Boolean(talk?.contains(event.target));
    if (isKey) event.preventDefault();
    const wasLetGo = watchEnd(signal);
    try {
      // What was under way may have failed for an earlier sign.
      await load().catch(load);
    } catch {
      // Asked for again with the next sign.
      return;
    }
    begin();
    if (event.type === "click") pressAgain(chat, event);
    else if ((isKey || event.type === "pointerdown") && !wasLetGo()) chat.talking?.holdAgain(event);
  };
  for (const type of SIGNS) chat.addEventListener(type, hear, { signal });
}

// What was pressed before it could act.
function pressAgain(chat, event) {
  const reading = event.target.closest("[data-read-aloud]");
  if (reading) chat.reading.press(reading);
  else chat.talking?.press(event);
}

// Whether a finger or a key that is down now was lifted since.
function watchEnd(signal) {
  const ended = new AbortController();
  for (const type of ENDS) {
    // Fields lose the focus to the button; only that the window loses it is an end.
    const capture = type !== "blur";
    addEventListener(type, () => ended.abort(), { capture, signal: AbortSignal.any([ended.signal, signal]) });
  }
  return () => ended.signal.aborted;
}
