// What this browser, or a tab of it, remembers for a page.

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
