// Small steps in trees of nodes, and taking turns with the page.

const TURN_MS = 12;

/** The elements below `root` that match, and `root` itself if it does. */
export function matching(root, selector) {
  const found = [...root.querySelectorAll(selector)];
  return root.matches?.(selector) ? [root, ...found] : found;
}

/** The text nodes below `root` outside elements that match `left`. */
export function textNodes(root, left) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) => {
    if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
    return left && node.matches(left) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
  });
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  return found;
}

/** An element with properties and children; text is never markup. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A button of ours, which submits nothing; `act` hears its clicks. */
export function button(properties, act, ...children) {
  const made = element("button", { type: "button", className: "button", ...properties }, ...children);
  made.addEventListener("click", act);
  return made;
}

/** Whether nothing has the focus: a page begins so, and what had it may be disabled or gone. */
export function isFocusLost() {
  return !document.activeElement || document.activeElement === document.body;
}

/** Before `row` goes: give the focus to a button of the next one in `list`, or the last, else to `otherwise`. */
export function leaveRow(row, list, otherwise) {
  const left = [...list.querySelectorAll("button:not([hidden])")].filter((each) => !row.contains(each));
  const next = left.find((each) => row.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING) ?? left.at(-1);
  (next ?? otherwise)?.focus();
}

/** Something to await between pieces of long work: it ends at once while the turn lasts. */
export function turns() {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < TURN_MS) return;
    await new Promise((resume) => setTimeout(resume));
    began = performance.now();
  };
}
