// Icons of the sprite, for what modules make.

const SVG = "http://www.w3.org/2000/svg";
const SPRITE = new URL("../icons.svg", import.meta.url).href;

/** An icon, which says nothing to who cannot see it. */
export function icon(name) {
  const shown = document.createElementNS(SVG, "svg");
  shown.setAttribute("class", "icon");
  shown.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  shown.append(use);
  return shown;
}
