// What finished blocks get besides their text. Each part does its work once, so a block may come
// again, for instance when more citations are known.
import { enhanceCode } from "./code-blocks.js";
import { markCitations } from "./citation-marks.js";
import { matching } from "./elements.js";
import { setFormulas } from "./formulas.js";
import { t } from "./i18n.js";
import { markUnsupported } from "./unsupported.js";

/**
 * Enhance what `render` made below `root`; the promise ends when nothing is loading any more.
 * `citations` are those of the message, as the API has them. With `unsupported` (`{start, end}` in
 * code points of `source`), `root` holds the whole message.
 */
export async function enhance(root, { citations = [], unsupported = [], source = "" } = {}) {
  // First of all: it looks for sentences as they were written.
  const isJudged = unsupported.length > 0 && markUnsupported(root, unsupported, source);
  if (citations.length) markCitations(root, citations, { isJudged });
  for (const place of matching(root, ".table-scroll")) {
    // It can be scrolled, so it has to be reached by keyboard, and to say what it is.
    Object.assign(place, { tabIndex: 0, role: "region", ariaLabel: t("Table") });
  }
  await Promise.all([enhanceCode(root), setFormulas(root)]);
}
