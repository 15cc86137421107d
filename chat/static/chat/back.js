// What Back does on a telephone while something covers the page.

/**
 * Have Back call `close` once, and not leave the page; what is returned ends that.
 *
 * Where the browser has no way of its own, as on iPhones, an entry of the history stands in for it,
 * on telephones only: elsewhere Back is a button of the window, which leads to another page.
 */
export function closeOnBack(close, signal) {
  if ("CloseWatcher" in window) {
    const watcher = new CloseWatcher({ signal });
    watcher.addEventListener("close", close);
    return () => watcher.destroy();
  }
  if (!matchMedia("(pointer: coarse)").matches) return () => {};
  let isBehind = false;
  const onBack = () => {
    isBehind = true;
    close();
  };
  history.pushState(history.state, "");
  addEventListener("popstate", onBack, { once: true, signal });
  return () => {
    removeEventListener("popstate", onBack);
    if (!isBehind) history.back();
  };
}
