// Formulas, set as MathML: it is read aloud, copied and drawn by the browser.
import { element, matching, turns } from "./elements.js";
import { t } from "./i18n.js";
import { formulaOf } from "./markdown-maths.js";
import { keepMaths } from "./safe.js";

const VENDOR = new URL("../../vendor/temml/", import.meta.url);
// A formula may define words that define words: all of it ends soon.
const LIMITS = { maxExpand: 200, maxSize: [50, 20], trust: false, throwOnError: true };
const LONGEST = 5000;

/** Set each formula below `root`; one that cannot be read stays as it was written. */
export async function setFormulas(root) {
  const formulas = matching(root, ".math:not([data-formula])");
  if (!formulas.length) return;
  let temml;
  try {
    temml = await library();
  } catch {
    return;
  }
  const pause = turns();
  for (const formula of formulas) {
    setFormula(formula, temml);
    await pause();
  }
}

function setFormula(shown, temml) {
  // Somebody else who waited for the library was first: what stands here is no source any more.
  if ("formula" in shown.dataset) return;
  const written = shown.textContent;
  const { tex, display } = formulaOf(written);
  const made = element("span");
  try {
    if (written.length > LONGEST) throw new RangeError("too long");
    // Nodes, not markup: under our policy the styles of markup would be lost.
    temml.render(tex, made, { ...LIMITS, displayMode: display });
    keepMaths(made);
  } catch {
    shown.dataset.formula = "";
    shown.classList.add("unread");
    shown.title = t("This formula could not be read");
    return;
  }
  shown.dataset.formula = written;
  shown.replaceChildren(...made.childNodes);
}

let loading;

function library() {
  loading ??= load().catch((error) => { loading = undefined; throw error; });
  return loading;
}

function load() {
  const style = element("link", { rel: "stylesheet", href: new URL("Temml-Local.css", VENDOR).href });
  const script = element("script", { src: new URL("temml.min.js", VENDOR).href });
  return new Promise((resolve, reject) => {
    script.addEventListener("load", () => resolve(globalThis.temml));
    script.addEventListener("error", () => { script.remove(); reject(new Error("not loaded")); });
    document.head.append(style, script);
  });
}
