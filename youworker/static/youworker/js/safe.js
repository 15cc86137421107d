// Markup that people, files or models had a hand in becomes nodes here, and nowhere else.
import "../../vendor/dompurify/purify.min.js";

const purifier = globalThis.DOMPurify(window);

const TAGS = [
  "a", "b", "blockquote", "br", "code", "del", "div", "em", "h3", "h4", "h5", "h6", "hr", "i", "li",
  "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
];
const ATTRIBUTES = ["class", "data-host", "data-language", "dir", "href", "rel", "start", "target", "title"];
// What our own rendering says about a piece of text; other classes belong to our pages.
const CLASSES = /^(?:hljs-[\w-]+|(?:start|center|end)-aligned|code-block|display|function_|class_|inherited__|image|math|table|table-scroll|task)$/;
const LINKS = /^(?:https?:\/\/|mailto:)/i;
const WORDS_IN_MATHS = new Set([
  "math", "menclose", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts",
  "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr",
  "munder", "munderover", "none", "semantics", "annotation",
]);
const MATHML = "http://www.w3.org/1998/Math/MathML";

purifier.addHook("afterSanitizeAttributes", (element) => {
  const classes = element.getAttribute("class");
  if (classes === null) return;
  const ours = classes.split(/\s+/).filter((name) => CLASSES.test(name)).join(" ");
  if (ours) element.setAttribute("class", ours);
  else element.removeAttribute("class");
});

/** The markup as nodes of harmless kinds: no pictures, forms, scripts, styles, ids or handlers. */
export function sanitized(html) {
  return purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOWED_URI_REGEXP: LINKS,
    // What the rule for addresses is not about; `href` is left.
    ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== "href"),
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

/** Whether a link in an answer may lead there. */
export function isLink(address) {
  return LINKS.test(address);
}

/** Take from a formula what is not MathML, and every attribute that acts or leads somewhere. */
export function keepMaths(root) {
  for (const element of root.querySelectorAll("*")) {
    if (element.namespaceURI !== MATHML || !WORDS_IN_MATHS.has(element.localName)) {
      element.replaceWith(...element.childNodes);
      continue;
    }
    for (const { name } of [...element.attributes]) {
      if (/^on|href|src|^id$|action/i.test(name)) element.removeAttribute(name);
    }
  }
}
