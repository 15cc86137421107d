// Files that are dropped on the chat, pasted into its field, or chosen.
import { listenToDrops } from "../ingestion/dropping.js";
import { t } from "../youworker/js/i18n.js";
import { toast } from "../youworker/js/toast.js";

const LONG_PASTE_BYTES = 32 * 1024;

/** Brings files to the attachments of a composer. */
export class FileDrops {
  constructor(chat, composer) {
    this.composer = composer;
    const { signal } = composer.listening;
    listenToDrops(chat, chat, (dropped) => this.#drop(dropped), signal);
    composer.field.addEventListener("paste", (event) => this.#paste(event), { signal });
    const chooser = composer.form.querySelector("[data-attach]");
    chooser?.addEventListener("change", () => {
      this.#add(chooser.files);
      chooser.value = "";
    }, { signal });
    chat.addEventListener("click", (event) => {
      if (event.target.closest("[data-choose-files]")) chooser?.click();
    }, { signal });
  }

  #add(files) {
    if (!files.length) return;
    this.composer.attachments.add(files);
  }

  #drop({ items, files }) {
    const folders = [...items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
    if (folders.length) toast(t("Folders are added on the page Documents."), { kind: "warning" });
    const names = new Set(folders.map(({ name }) => name));
    this.#add([...files].filter(({ name }) => !names.has(name)));
  }

  #paste(event) {
    const { files } = event.clipboardData;
    if (files.length) {
      // Office programs bring a picture of the text along with it.
      if (event.clipboardData.types.includes("text/plain")) return;
      event.preventDefault();
      this.#add(files);
      return;
    }
    const text = event.clipboardData.getData("text/plain");
    if (text.length <= LONG_PASTE_BYTES / 4 || new Blob([text]).size <= LONG_PASTE_BYTES) return;
    event.preventDefault();
    this.#offerFile(text);
  }

  #offerFile(text) {
    const { composer } = this;
    const { selectionStart, selectionEnd } = composer.field;
    const size = Math.round(new Blob([text]).size / 1024);
    const fits = composer.text.length - (selectionEnd - selectionStart) + text.length <= composer.field.maxLength;
    composer.say(t("That is a long text (%(size)s KB). Add it as a file, so that answers can quote it?", { size }), {
      kind: "info",
      actions: [
        [t("Add as a file"), () => this.#add([new File([text], t("Pasted text.txt"), { type: "text/plain" })])],
        ...(fits ? [[t("Paste as text"), () => paste(composer, text, selectionStart, selectionEnd)]] : []),
      ],
    });
  }
}

function paste(composer, text, start, end) {
  composer.say("");
  composer.field.setRangeText(text, start, end, "end");
  composer.text = composer.field.value;
  composer.field.focus();
}
