// What is known of speaking and hearing before anything of it is loaded.

// The keys that hold a button.
export const HOLDING = [" ", "Enter"];

// Of this tab: after a reload it goes on with the answer that it was reading.
export const RUN = "spoken-run";
// Of this browser.
export const WISH = "answers-aloud";

/** What is remembered by a name; empty when nothing is. */
export function remembered(storage, name) {
  try {
    return globalThis[storage].getItem(name) ?? "";
  } catch {
    return "";
  }
}

/** Remember something, or forget it when it is empty. */
export function remember(storage, name, value) {
  try {
    if (value) globalThis[storage].setItem(name, value);
    else globalThis[storage].removeItem(name);
  } catch {
    // Storage is full or switched off: it holds for this page.
  }
}
