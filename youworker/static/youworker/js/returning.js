// `<form data-return="ID">` leads back to its page: there, the element of that id has the focus.
import { remember, remembered } from "./memory.js";

const PLACE = "return-to";

// After what may hold it back.
document.addEventListener("submit", (event) => {
  const { return: id } = event.target.dataset;
  if (id && !event.defaultPrevented) remember("sessionStorage", PLACE, id);
});

const id = remembered("sessionStorage", PLACE);
if (id) {
  remember("sessionStorage", PLACE, "");
  document.getElementById(id)?.focus({ preventScroll: true });
}
