// Letters and digits of what is shown, and where they stand: what a text and its rendering have in common.
import { textNodes } from "./elements.js";

const LETTER = /[\p{L}\p{N}]/u;

/** The letters and digits of a text. */
export function lettersOf(text) {
  return Array.from(text, (character) => (LETTER.test(character) ? character : "")).join("");
}

/**
 * The letters below `root` outside elements that match `left`, and of each of their units the text node and where its
 * character begins and ends. `read` gives the letters of a character, `blank` hides parts of a node's text at equal length.
 */
export function readLetters(root, left, { read = lettersOf, blank = (text) => text } = {}) {
  const places = [];
  let letters = "";
  for (const node of textNodes(root, left)) {
    let offset = 0;
    for (const character of blank(node.data)) {
      const place = { node, offset, end: offset + character.length };
      const found = read(character);
      for (let unit = 0; unit < found.length; unit += 1) places.push(place);
      letters += found;
      offset = place.end;
    }
  }
  return { letters, places };
}

/** Put the text between places into an element of `make` for each of their nodes; gives these. `endOf` may go further. */
export function wrapPlaces(places, make, endOf = (node, end) => end) {
  const stretches = new Map();
  for (const { node, offset, end } of places) {
    const known = stretches.get(node);
    if (known) known.end = end;
    else stretches.set(node, { offset, end });
  }
  // Nodes are split: each living range would have to be told of every change, which takes long for many.
  return Array.from(stretches, ([node, { offset, end }]) => {
    const last = endOf(node, end);
    const middle = node.splitText(offset);
    middle.splitText(last - offset);
    const made = make();
    middle.replaceWith(made);
    made.append(middle);
    return made;
  });
}
