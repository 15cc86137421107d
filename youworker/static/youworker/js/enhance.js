// What finished blocks get besides their text. Each part does its work once, so a block may come
// again, for instance when more citations are known. What few texts have is loaded with the first
// of them.
import { enhanceCode } from "./code-blocks.js";
import { matching } from "./elements.js";
import { t } from "./i18n.js";

/**
 * Enhance what `render` made below `root`; the promise ends when nothing is loading any more.
 * `citations` are those of the message, as the API has them. With `unsupported` (`{start, end}` in
 * code points of `source`), `root` holds the whole message.
 */
export async function enhance(root, { citations = [], unsupported = [], source = "" } = {}) {
  // First of all: it looks for sentences as they were written.
  if (citations.length || unsupported.length) await markSources(root, citations, unsupported, source);
  for (const place of matching(root, ".table-scroll")) {
    // It can be scrolled, so it has to be reached by keyboard, and to say what it is.
    Object.assign(place, { tabIndex: 0, role: "region", ariaLabel: t("Table") });
  }
  await Promise.all([enhanceCode(root), setFormulas(root)]);
}

async function markSources(root, citations, unsupported, source) {
  try {
    const [sentences, marks] = await Promise.all([unsupported.length && import("./unsupported.js"), citations.length && import("./citation-marks.js")]);
    const isJudged = Boolean(sentences) && sentences.markUnsupported(root, unsupported, source);
    if (marks) marks.markCitations(root, citations, { isJudged });
  } catch {
    // Not loaded: the text is read without its marks.
  }
}

async function setFormulas(root) {
  if (!matching(root, ".math:not([data-formula])").length) return;
  const formulas = await import("./formulas.js");
  await formulas.setFormulas(root);
}
