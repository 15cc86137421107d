// The player of a recording: begins at the passage that is wanted, and goes to where somebody points.

/** Around an `audio` or `video`; buttons with `data-second` beside it lead to their second. */
class Recording extends HTMLElement {
  connectedCallback() {
    this.player = this.querySelector("audio, video");
    const second = Number(this.dataset.second) || 0;
    if (second && this.player) this.#seek(second);
    this.listening = new AbortController();
    // Beside it in the panel or on the page, whichever this stands in.
    this.parentElement?.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-second]");
      if (!button || !this.player) return;
      this.#seek(Number(button.dataset.second));
      this.player.play().catch(() => {});
    }, { signal: this.listening.signal });
  }

  disconnectedCallback() {
    this.listening?.abort();
    this.player?.pause();
  }

  // Before its head is there, a player cannot be moved.
  #seek(second) {
    const { player } = this;
    if (player.readyState >= HTMLMediaElement.HAVE_METADATA) player.currentTime = second;
    else player.addEventListener("loadedmetadata", () => { player.currentTime = second; }, { once: true });
  }
}

if (!customElements.get("yw-recording")) customElements.define("yw-recording", Recording);
