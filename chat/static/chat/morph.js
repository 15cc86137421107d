// Making nodes equal to others with as few changes as possible, so that selection, focus and what
// is open stay.

/**
 * Make `old` equal to `fresh`, whose nodes may be used up; gives the node that stands there now.
 * What `keep(node)` names is left as it is.
 */
export function morph(old, fresh, keep = () => false) {
  if (keep(old)) return old;
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    setData(old, fresh.data);
    return old;
  }
  morphAttributes(old, fresh);
  morphChildren(old, [...fresh.childNodes], keep);
  return old;
}

/** Make the children of `parent`, from number `from` on, equal to `wanted`. */
export function morphChildren(parent, wanted, keep, from = 0) {
  let child = parent.childNodes[from] ?? null;
  for (const fresh of wanted) {
    const found = counterpart(child, fresh);
    if (found) {
      child = removeUntil(child, found);
      child = morph(found, fresh, keep).nextSibling;
    } else {
      parent.insertBefore(fresh, child);
    }
  }
  removeUntil(child, null);
}

// The first of the old nodes, from `child` on, that stands for the same as `fresh`.
function counterpart(child, fresh) {
  if (fresh.nodeType !== Node.ELEMENT_NODE) return child?.nodeType === fresh.nodeType ? child : null;
  for (let node = child; node; node = node.nextSibling) {
    if (kindOf(node) === kindOf(fresh)) return node;
  }
  return null;
}

function kindOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? `${node.localName}.${node.classList[0] ?? ""} ${node.dataset?.tool ?? ""}` : "";
}

function removeUntil(child, end) {
  while (child !== end) {
    const next = child.nextSibling;
    child.remove();
    child = next;
  }
  return end;
}

// Appended text leaves a selection where it is.
function setData(node, data) {
  if (node.data === data) return;
  if (data.startsWith(node.data)) node.appendData(data.slice(node.data.length));
  else node.data = data;
}

function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // Whoever opened it closes it.
    if (!fresh.hasAttribute(name) && !(name === "open" && old.localName === "details")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
