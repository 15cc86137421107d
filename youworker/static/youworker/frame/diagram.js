// Inside of `/frame/diagram`: draws one diagram for the page around it.
//
// The frame's policy keeps whatever a diagram says from acting. What is set here keeps the library
// from trying: no markup in labels, no styles or settings of the diagram's own, no pictures.
import mermaid from "../../vendor/mermaid/mermaid.esm.min.mjs";

const LONGEST = 50_000;
const PICTURE = /@\{[^}]*\bimg\s*:/;
// Line breaks stay, and what begins with two of them is a stereotype of a class.
const MARKUP = /(?<!<)<(?=[a-z!?/])(?!br\s*\/?>)/gi;
const OURS = ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering", "htmlLabels", "flowchart", "class", "state", "themeCSS", "themeVariables", "fontFamily", "altFontFamily", "dompurifyConfig", "wrap"];
const tell = (message) => parent.postMessage(message, "*");
let drawn = false;

addEventListener("message", async ({ source: sender, data }) => {
  if (sender !== parent || drawn || typeof data?.source !== "string" || data.source.length > LONGEST) return;
  drawn = true;
  try {
    await draw(data.source, data.dark === true);
  } catch (error) {
    tell({ error: String(error?.message ?? error) });
  }
});

async function draw(source, dark) {
  if (PICTURE.test(source)) throw new Error("A picture would have to be loaded.");
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    secure: OURS,
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    suppressErrorRendering: true,
    maxTextSize: LONGEST,
    theme: dark ? "dark" : "default",
  });
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  const place = document.getElementById("diagram");
  place.textContent = source.replace(MARKUP, "#lt;");
  try {
    await mermaid.run({ nodes: [place] });
  } catch (error) {
    place.textContent = "";
    throw error;
  }
  new ResizeObserver(() => tell({ height: Math.ceil(document.documentElement.getBoundingClientRect().height) })).observe(place);
}

tell({ ready: true });
