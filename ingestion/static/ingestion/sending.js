// Sending files to the API in requests of a bearable size.
import { language, t } from "../youworker/js/i18n.js";
import { ApiError, pageHeaders, refusalOf } from "../youworker/js/net.js";

const UPLOADS = "/v1/ingestion/uploads";
// As the pages count it that say how large a file may be.
const MEGABYTE = 2 ** 20;
const sizes = new Intl.NumberFormat(language, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });

/** What may be sent at once, as a template wrote it on an element. */
export function limitsOf({ dataset }) {
  const { filesAtOnce, bytesAtOnce, largestFile } = dataset;
  return { filesAtOnce: Number(filesAtOnce), bytesAtOnce: Number(bytesAtOnce), largestFile: Number(largestFile) };
}

/** Why a file need not be sent at all; empty for most. */
export function refusalBySize({ size }, { largestFile }) {
  return size > largestFile ? t("Larger than %(size)s.", { size: sizes.format(largestFile / MEGABYTE) }) : "";
}

/** Take the next files of a queue that fit into one request; one that is larger goes alone. */
export function takeBatch(waiting, { filesAtOnce, bytesAtOnce }) {
  let count = 0;
  let bytes = 0;
  for (const { file } of waiting) {
    bytes += file.size;
    if (count && (count >= filesAtOnce || bytes > bytesAtOnce)) break;
    count += 1;
  }
  return waiting.splice(0, count);
}

/**
 * Send one request with `{ file, path }` each; gives the run. `onSent` hears how many bytes are on their way.
 * Throws `ApiError`, with status 0 when the server cannot be reached, or an `AbortError`.
 */
export function sendFiles(files, { key, collection = "", tags = [], onSent = () => {}, signal }) {
  const form = new FormData();
  for (const { file, path = file.name } of files) {
    form.append("files", file, file.name);
    // Forms keep the name only, and `README.md` of two folders are two documents.
    form.append("paths", path);
  }
  if (collection) form.append("collection_id", collection);
  for (const tag of tags) form.append("tags", tag);
  // Only this one tells how much is on its way.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.open("POST", UPLOADS);
    const headers = { ...pageHeaders("POST"), Accept: "application/json", "Idempotency-Key": key };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => onSent(event.loaded));
    request.addEventListener("error", () => reject(new ApiError(0, { code: "unreachable" })));
    request.addEventListener("abort", () => reject(new DOMException("Aborted", "AbortError")));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(refusalOf(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    });
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}
