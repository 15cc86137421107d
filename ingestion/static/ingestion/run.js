// `<yw-run data-run data-src>`: a run as the server shows it, fetched again when something
// happens. The socket says when; without it the page looks every few seconds.
import { lookQuietly } from "../youworker/js/looks.js";

const PAUSE_MS = 600;
const LOOK_MS = 3000;
const RECONNECT_MS = [1000, 2000, 5000, 15000];

/** One socket for all runs of the page. */
class Feed {
  runs = new Set();
  socket = null;
  lost = 0;

  add(run) {
    this.runs.add(run);
    this.open();
    this.looking ??= setInterval(() => this.look(), LOOK_MS);
  }

  remove(run) {
    this.runs.delete(run);
    if (this.runs.size) return;
    clearInterval(this.looking);
    clearTimeout(this.reconnecting);
    this.looking = this.reconnecting = undefined;
    this.socket?.close();
  }

  /** Without a socket: ask for every run. */
  look() {
    if (this.socket?.readyState === WebSocket.OPEN || document.hidden) return;
    for (const run of this.runs) run.refreshSoon();
  }

  open() {
    if (this.socket || !this.runs.size) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws/ingestion`);
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.lost = 0;
      const frame = JSON.parse(data);
      for (const run of this.runs) if (run.dataset.run === frame.run_id) run.refreshSoon();
    });
    socket.addEventListener("close", () => {
      this.socket = null;
      const pause = RECONNECT_MS[Math.min(this.lost, RECONNECT_MS.length - 1)];
      this.lost += 1;
      if (this.runs.size) this.reconnecting = setTimeout(() => this.open(), pause);
    });
  }
}

const feed = new Feed();

class Run extends HTMLElement {
  static observedAttributes = ["data-finished"];

  connectedCallback() {
    lookQuietly(this, () => this.setAttribute("data-finished", ""));
    if (!this.hasAttribute("data-finished")) feed.add(this);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    this.timer = undefined;
    feed.remove(this);
  }

  attributeChangedCallback(name, before, now) {
    if (!this.isConnected) return;
    if (now === null) {
      feed.add(this);
      return;
    }
    feed.remove(this);
    this.dispatchEvent(new CustomEvent("yw-run-finished", { bubbles: true }));
  }

  /** Fetch the run after a moment; what happens meanwhile is seen by the same look. */
  refreshSoon() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.refresh();
    }, PAUSE_MS);
  }

  async refresh() {
    if (this.busy) return this.refreshSoon();
    this.busy = true;
    try {
      await globalThis.htmx.ajax("GET", this.dataset.src, { source: this, target: this, swap: "outerMorph" });
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("yw-run", Run);
