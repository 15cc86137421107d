// Elements that fetch themselves again every few seconds.

const REFUSED = 400;
const SIGNED_OUT = 401;
const GONE = 404;

/** Let refused looks of an element change nothing and tell nobody; `onGone` is called when there is nothing to see. */
export function lookQuietly(element, onGone) {
  element.addEventListener("htmx:before:response", (event) => {
    const { status } = event.detail.ctx.response;
    if (event.target !== element || status < REFUSED || status === SIGNED_OUT) return;
    event.preventDefault();
    if (status === GONE) onGone();
  });
}
