// Inside of `/frame/diagram`: draws one diagram for the page around it.
import mermaid from "../../vendor/mermaid/mermaid.esm.min.mjs";

const LONGEST = 50_000;
const tell = (message) => parent.postMessage(message, "*");
let drawn = false;

addEventListener("message", async ({ source: sender, data }) => {
  if (sender !== parent || drawn || typeof data?.source !== "string" || data.source.length > LONGEST) return;
  drawn = true;
  document.documentElement.style.colorScheme = data.dark ? "dark" : "light";
  const place = document.getElementById("diagram");
  place.textContent = data.source;
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", suppressErrorRendering: true, maxTextSize: LONGEST, theme: data.dark ? "dark" : "default" });
  try {
    await mermaid.run({ nodes: [place] });
  } catch (error) {
    place.textContent = "";
    tell({ error: String(error?.message ?? error) });
    return;
  }
  new ResizeObserver(() => tell({ height: Math.ceil(document.documentElement.getBoundingClientRect().height) })).observe(place);
});

tell({ ready: true });
