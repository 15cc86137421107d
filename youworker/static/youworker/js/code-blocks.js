// Code: the name of its language, a button that copies it, its colours, and diagrams.
import { copyText } from "./copy.js";
import { button, element, matching, turns } from "./elements.js";
import { icon } from "./icon.js";
import { t } from "./i18n.js";
import { sanitized } from "./safe.js";
import { toast } from "./toast.js";

// Colouring more would hold up the page.
const LONGEST = 40_000;
const COPIED_MS = 2000;
const VENDOR = "../../vendor/highlight";
// The grammars there are, and what else people call them.
const GRAMMARS = {
  bash: "sh shell zsh console shellsession", c: "h", cpp: "c++ cc cxx hh hpp", csharp: "cs c#", css: "", diff: "patch",
  dockerfile: "docker", go: "golang", ini: "toml conf cfg properties", java: "", javascript: "js jsx mjs cjs node",
  json: "jsonc json5", kotlin: "kt kts", lua: "", makefile: "make mk", markdown: "md", php: "", powershell: "ps1 psm1 pwsh",
  python: "py py3 pyi python3", r: "", ruby: "rb", rust: "rs", scala: "", sql: "postgres postgresql psql mysql sqlite", swift: "",
  typescript: "ts tsx mts", xml: "html xhtml svg rss", yaml: "yml",
};
const NAMES = new Map(Object.entries(GRAMMARS).flatMap(([name, others]) => [name, ...others.split(" ")].map((word) => [word, name])));
NAMES.delete("");

/** Give each code block below `root` its head and its colours. */
export async function enhanceCode(root) {
  const pause = turns();
  for (const block of matching(root, ".code-block")) {
    if (block.querySelector(".code-head")) continue;
    const code = block.querySelector("code");
    if (!code) continue;
    addHead(block, code);
    await colour(code, block.dataset.language);
    await pause();
  }
}

function addHead(block, code) {
  const language = block.dataset.language ?? "";
  const head = element("div", { className: "code-head" }, element("span", { className: "code-language" }, language));
  if (language === "mermaid") {
    const show = () => drawDiagram(block, code.textContent, opener);
    const opener = button({ className: "button quiet" }, show, icon("eye"), t("Show diagram"));
    head.append(opener);
  }
  const words = element("span", {}, t("Copy code"));
  const copy = async () => {
    const done = await copyText(code.textContent);
    words.textContent = done ? t("Copied") : t("Copying failed");
    setTimeout(() => { words.textContent = t("Copy code"); }, COPIED_MS);
  };
  head.append(button({ className: "button quiet" }, copy, icon("copy"), words));
  // It can be scrolled, so it has to be reached by keyboard.
  block.querySelector("pre").tabIndex = 0;
  block.prepend(head);
}

async function drawDiagram(block, source, opener) {
  try {
    const { showDiagram } = await import("./diagrams.js");
    showDiagram(block, source, opener);
  } catch {
    toast(t("The server cannot be reached. Try again."), { kind: "error" });
  }
}

const loaded = new Map();

async function colour(code, language) {
  const name = NAMES.get(language);
  const text = code.textContent;
  if (!name || text.length > LONGEST) return;
  try {
    const highlighter = await grammar(name);
    const coloured = sanitized(highlighter.highlight(text, { language: name, ignoreIllegals: true }).value);
    // Colours never change what is written.
    if (coloured.textContent === text && code.textContent === text) code.replaceChildren(coloured);
  } catch {
    // Not loaded, or not understood: it stays as it is.
  }
}

function grammar(name) {
  if (!loaded.has(name)) loaded.set(name, load(name).catch((error) => { loaded.delete(name); throw error; }));
  return loaded.get(name);
}

async function load(name) {
  const [{ default: highlighter }, { default: rules }] = await Promise.all([
    import(`${VENDOR}/core.min.js`),
    import(`${VENDOR}/languages/${name}.min.js`),
  ]);
  highlighter.registerLanguage(name, rules);
  return highlighter;
}
