// What somebody drops: files, and the files of folders.

const MARK = "drop-target";

/** Let files be dropped on `where`; `zone` shows that they can be, and `take` gets what they came in. */
export function listenToDrops(where, zone, take, signal) {
  const listen = (kind, act) => where.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    act(event);
  }, { signal });
  const allow = ({ dataTransfer }) => {
    dataTransfer.dropEffect = "copy";
    zone.classList.add(MARK);
  };
  listen("dragenter", allow);
  listen("dragover", allow);
  listen("dragleave", ({ relatedTarget }) => zone.contains(relatedTarget) || zone.classList.remove(MARK));
  listen("drop", ({ dataTransfer }) => {
    zone.classList.remove(MARK);
    take(dataTransfer);
  });
}

/** All files with their paths; hidden ones, which systems leave in folders, are left out. */
export async function droppedFiles(transfer) {
  // Entries have to be taken before the first pause: the transfer is empty afterwards.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

/** The files of a field; those of a folder have a path. */
export function chosenFiles(field) {
  return [...field.files]
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
    .filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")) || !path.includes("/"));
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject)).catch(() => null);
    const path = entry.fullPath.replace(/^\//, "");
    if (file && !(path.includes("/") && file.name.startsWith("."))) found.push({ file, path });
    return;
  }
  if (entry.name.startsWith(".")) return;
  const reader = entry.createReader();
  for (;;) {
    // A call gives a hundred at most.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => []);
    if (!some.length) return;
    for (const inner of some) await walk(inner, found);
  }
}
