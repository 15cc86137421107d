// Markdown as nodes. The one renderer: what grows, what is finished and what is old look the same.
import "../../vendor/markdown-it/markdown-it.min.js";
import { element } from "./elements.js";
import { maths } from "./markdown-maths.js";
import { isLink, sanitized } from "./safe.js";
import { t } from "./i18n.js";

// Deeper is nobody's answer; each level costs.
const DEEPEST = 40;
// Longer texts are shown as they are: rendering them would stop the page.
const LONGEST = 400_000;

const parser = globalThis.markdownit({ html: false, linkify: true, maxNesting: DEEPEST });
parser.validateLink = isLink;
// "setup.py" and "README.md" are no hosts.
parser.linkify.set({ fuzzyLink: false, fuzzyIP: false });
// A definition at the end would change blocks that are finished, and make links of `[1]`.
parser.disable("reference");
parser.use(maths);
parser.core.ruler.push("tasks", markTasks);
parser.core.ruler.push("directions", setDirections);
parser.core.ruler.push("headings", lowerHeadings);

const rules = parser.renderer.rules;
const { escapeHtml } = parser.utils;

rules.link_open = (tokens, index, options, env, renderer) => {
  const token = tokens[index];
  const address = token.attrGet("href");
  token.attrs = [["href", address], ["rel", "noopener noreferrer nofollow"], ["target", "_blank"], ["title", address]];
  const host = hostOf(address);
  if (!saysHost(wordsOf(tokens, index), address, host)) token.attrPush(["data-host", host]);
  return renderer.renderToken(tokens, index, options);
};

// A picture that is loaded tells its server what was asked, so its address stands there instead.
rules.image = (tokens, index) => {
  const token = tokens[index];
  const words = [t("Image"), token.content, token.attrGet("src")].filter(Boolean).join(": ");
  return `<span class="image" dir="auto">${escapeHtml(words)}</span>`;
};

rules.fence = (tokens, index) => code(tokens[index].content, languageOf(tokens[index]));
rules.code_block = (tokens, index) => code(tokens[index].content, "");
rules.table_open = () => '<div class="table-scroll"><table class="table">\n';
rules.table_close = () => "</table></div>\n";
for (const cell of ["th_open", "td_open"]) {
  rules[cell] = (tokens, index, options, env, renderer) => {
    const token = tokens[index];
    const side = { "text-align:left": "start", "text-align:center": "center", "text-align:right": "end" }[token.attrGet("style")];
    token.attrs = [["dir", "auto"]];
    if (side) token.attrPush(["class", `${side}-aligned`]);
    return renderer.renderToken(tokens, index, options);
  };
}
/** The source as nodes, not yet enhanced. */
export function render(source) {
  if (source.length > LONGEST) return plain(source);
  const env = {};
  return sanitized(parser.renderer.render(parser.parse(source, env), parser.options, env));
}

/**
 * The top-level blocks in their order: `start` and `end` (line numbers, the end excluded), `fragment`
 * (one element, made when it is asked for), and of code `code`: `text`, `language`, and `open` while
 * its fence has not ended. All but the last stay what they are, whatever lines are added; behind half
 * a line all but the last two, for half a line can look like a block of its own.
 */
export function blocks(source) {
  const lines = source.split("\n");
  const env = {};
  return topLevel(parser.parse(source, env)).map((tokens) => {
    const [start, end] = tokens[0].map;
    const block = { start, end };
    if (tokens[0].type === "fence") block.code = { text: tokens[0].content, language: languageOf(tokens[0]), open: isOpen(tokens[0], lines) };
    let made;
    Object.defineProperty(block, "fragment", {
      get: () => (made ??= sanitized(parser.renderer.render(tokens, parser.options, env))),
    });
    return block;
  });
}

function topLevel(tokens) {
  const groups = [];
  for (const token of tokens) {
    if (token.level === 0 && token.nesting >= 0) groups.push([token]);
    else groups.at(-1).push(token);
  }
  return groups;
}

function isOpen({ map: [start, end], markup }, lines) {
  const last = lines[end - 1].trim();
  return end - start < 2 || last.length < markup.length || [...last].some((letter) => letter !== markup[0]);
}

function plain(source) {
  const fragment = document.createDocumentFragment();
  fragment.append(element("pre", { dir: "auto" }, source));
  return fragment;
}

function code(text, language) {
  const named = language ? ` data-language="${escapeHtml(language)}"` : "";
  return `<div class="code-block"${named}><pre dir="ltr"><code>${escapeHtml(text)}</code></pre></div>\n`;
}

function languageOf(token) {
  const word = token.info.trim().split(/[\s{,]/)[0].toLowerCase();
  return /^[a-z0-9+#.-]{1,30}$/.test(word) ? word : "";
}

function hostOf(address) {
  try {
    const { protocol, host, pathname } = new URL(address);
    return protocol === "mailto:" ? pathname.split("@").at(-1) : host;
  } catch {
    return "";
  }
}

function wordsOf(tokens, index) {
  let words = "";
  for (let at = index + 1; tokens[at].type !== "link_close"; at += 1) words += tokens[at].content;
  return words;
}

// Words that only have the host somewhere in them may name another one first.
function saysHost(words, address, host) {
  if (address === `mailto:${words}`) return true;
  const where = words.toLowerCase().replace(/^https?:\/\//, "");
  return where === host || ["/", "?", "#"].some((next) => where.startsWith(host + next));
}

const DIRECTED = new Set(["paragraph_open", "heading_open", "list_item_open", "blockquote_open"]);

// Each block begins at the side of its own language.
function setDirections({ tokens }) {
  for (const token of tokens) if (DIRECTED.has(token.type)) token.attrSet("dir", "auto");
}

// A page has two levels of its own above the answers'.
function lowerHeadings({ tokens }) {
  for (const token of tokens) {
    if (token.type.startsWith("heading_")) token.tag = `h${Math.min(6, Number(token.tag[1]) + 2)}`;
  }
}

const TASK = /^\[([ xX])\] /;

// `- [x] done` shows a box that nobody can tick: it is text, and is read out as such.
function markTasks(state) {
  const { tokens } = state;
  for (let index = 2; index < tokens.length; index += 1) {
    const [item, paragraph, text] = tokens.slice(index - 2, index + 1);
    const found = text.type === "inline" && paragraph.type === "paragraph_open" && item.type === "list_item_open" && TASK.exec(text.content);
    if (!found || text.children[0]?.type !== "text") continue;
    item.attrSet("class", "task");
    text.children[0].content = text.children[0].content.replace(TASK, found[1] === " " ? "☐ " : "☑ ");
  }
}
