// Diagrams, drawn in a frame that can reach neither this page nor the network.
import { element } from "./elements.js";
import { t } from "./i18n.js";

const PATIENCE_MS = 30_000;
const HIGHEST = 4000;
const LONGEST = 50_000;
const LONGEST_ERROR = 300;

/** Draw the source above its code; pressing the button again takes the drawing away. */
export function showDiagram(block, source, button) {
  const shown = block.querySelector(".diagram");
  if (shown) {
    shown.remove();
    label(button, t("Show diagram"));
    return;
  }
  const place = element("div", { className: "diagram", role: "status" });
  block.querySelector(".code-head").after(place);
  label(button, t("Hide diagram"));
  if (source.length > LONGEST) place.append(t("This diagram is too large to be drawn."));
  else draw(place, source);
}

function label(button, words) {
  button.lastChild.data = words;
}

function draw(place, source) {
  const frame = element("iframe", { title: t("Diagram"), src: "/frame/diagram", referrerPolicy: "no-referrer" });
  // Scripts, and nothing else: without an origin it has no cookies and no storage.
  frame.setAttribute("sandbox", "allow-scripts");
  const fail = (reason) => finish(() => place.replaceChildren(element("p", {}, t("The diagram could not be drawn.")), element("p", { className: "hint" }, reason)));
  const timer = setTimeout(() => fail(""), PATIENCE_MS);
  const finish = (act) => { clearTimeout(timer); act(); };
  const hear = ({ source: sender, data }) => {
    if (!frame.isConnected) return removeEventListener("message", hear);
    if (sender !== frame.contentWindow || typeof data !== "object" || data === null) return undefined;
    // Its origin is opaque, so no narrower target can be named.
    if (data.ready === true) sender.postMessage({ source, dark: isDark() }, "*");
    else if (Number.isFinite(data.height)) finish(() => { frame.style.height = `${Math.min(HIGHEST, Math.max(0, data.height))}px`; });
    else if (typeof data.error === "string") fail(data.error.slice(0, LONGEST_ERROR));
    return undefined;
  };
  addEventListener("message", hear);
  place.append(frame);
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}
