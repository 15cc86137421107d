// Formulas in Markdown: `\(…\)`, `\[…\]`, `$$…$$` and `$…$`. They stay text with its marks around
// it, in an element that says so; `enhance.js` sets them.

// Nobody writes longer ones, and looking for the end of each takes time.
const LONGEST = 10_000;
const OPENED_LINE = /^(\$\$|\\\[)/;
const ENDS = { "$$": "$$", "\\[": "\\]", "\\(": "\\)" };

/** A plugin of markdown-it. */
export function maths(parser) {
  // Before escapes, which would take the backslash of `\(`.
  parser.inline.ruler.before("escape", "maths", inlineRule);
  parser.block.ruler.before("fence", "maths", blockRule, { alt: ["paragraph", "blockquote", "list"] });
  parser.renderer.rules.maths = (tokens, index) => {
    const { content, block, hidden } = tokens[index];
    const { escapeHtml } = parser.utils;
    if (hidden) return `<p dir="auto">${escapeHtml(content)}</p>\n`;
    const shown = content.startsWith("$$") || content.startsWith("\\[") ? "math display" : "math";
    const span = `<span class="${shown}" dir="ltr">${escapeHtml(content)}</span>`;
    return block ? `<p>${span}</p>\n` : span;
  };
}

/** The formula without its marks, and whether it stands on lines of its own. */
export function formulaOf(text) {
  const width = text.startsWith("$") && !text.startsWith("$$") ? 1 : 2;
  return { tex: text.slice(width, -width).trim(), display: text.startsWith("$$") || text.startsWith("\\[") };
}

function inlineRule(state, silent) {
  const { src, pos, posMax } = state;
  const end = endOfFormula(src, pos, posMax);
  if (end < 0) return false;
  if (!silent) {
    const token = state.push("maths", "span", 0);
    token.content = src.slice(pos, end);
  }
  state.pos = end;
  return true;
}

// Where the formula that begins at `pos` is over; -1 if none begins there.
function endOfFormula(src, pos, max) {
  const first = src[pos];
  if (first !== "$" && first !== "\\") return -1;
  const mark = src.slice(pos, pos + 2);
  const closing = ENDS[mark];
  if (!closing) return first === "$" ? endOfDollars(src, pos, max) : -1;
  const end = src.indexOf(closing, pos + 2);
  if (end < 0 || end + 2 > max || end - pos > LONGEST || !src.slice(pos + 2, end).trim()) return -1;
  return end + 2;
}

// Pandoc's rule: no blank inside of either mark, no digit behind the last, so "$5 and $10" is money.
function endOfDollars(src, pos, max) {
  if (/\s/.test(src[pos + 1] ?? " ")) return -1;
  for (let at = pos + 1; at < max && at - pos <= LONGEST; at += 1) {
    const letter = src[at];
    if (letter === "\\") at += 1;
    else if (letter === "`") return -1;
    else if (letter === "$") return /\s/.test(src[at - 1]) || /\d/.test(src[at + 1] ?? "") ? -1 : at + 1;
  }
  return -1;
}

// A formula that begins a line may have lines that look like lists and headings; a blank line
// ends every attempt. One whose end has not come yet is kept together, so nothing flickers.
function blockRule(state, startLine, endLine, silent) {
  if (state.sCount[startLine] - state.blkIndent >= 4) return false;
  const opened = OPENED_LINE.exec(lineOf(state, startLine))?.[1];
  if (!opened) return false;
  const found = endOfBlock(state, startLine, endLine, opened);
  if (!found) return false;
  if (silent) return true;
  const token = state.push("maths", "p", 0);
  token.block = true;
  token.hidden = !found.closed;
  token.map = [startLine, found.line];
  token.content = state.getLines(startLine, found.line, state.blkIndent, false).trim();
  state.line = found.line;
  return true;
}

function endOfBlock(state, startLine, endLine, opened) {
  for (let line = startLine; line < endLine; line += 1) {
    if (state.isEmpty(line) || (line > startLine && state.sCount[line] < state.blkIndent)) return null;
    const text = lineOf(state, line).slice(line === startLine ? 2 : 0);
    const at = text.indexOf(ENDS[opened]);
    if (at < 0) continue;
    // Text behind the end makes it a part of a paragraph, where the inline rule finds it.
    return text.slice(at + 2).trim() || (line === startLine && !text.slice(0, at).trim()) ? null : { line: line + 1, closed: true };
  }
  return state.src.length - state.bMarks[startLine] > LONGEST ? null : { line: endLine, closed: false };
}

function lineOf(state, line) {
  return state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
}
