// Offers people while a name is typed.
import { element } from "../youworker/js/elements.js";
import { get } from "../youworker/js/net.js";

const PAUSE_MS = 200;
const SHORTEST = 2;
const field = document.querySelector("input[list='people']");
const offered = document.getElementById("people");
let waiting = 0;
let asked = "";

field?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(offer, PAUSE_MS);
});

async function offer() {
  const text = field.value.trim();
  if (text.length < SHORTEST || text === asked) return;
  asked = text;
  let people;
  try {
    people = (await get(`/v1/users?limit=20&search=${encodeURIComponent(text)}`)).results;
  } catch {
    // Somebody who knows the name can type it.
    return;
  }
  if (text !== asked) return;
  offered.replaceChildren(...people.map(({ username, display_name: name }) => element("option", { value: username, label: name || username })));
}
