// Words of modules, in the language of the page (`/i18n/<language>.js` brings them).

/** The text in the page's language; `%(name)s` stands for `args.name`. */
export function t(text, args) {
  const django = globalThis.django;
  const found = django?.gettext ? django.gettext(text) : text;
  return args ? fill(found, args) : found;
}

/** One of two texts, by number; `%(count)s` is the number. */
export function tn(one, many, count, args = {}) {
  const django = globalThis.django;
  const found = django?.ngettext ? django.ngettext(one, many, count) : count === 1 ? one : many;
  return fill(found, { count, ...args });
}

function fill(text, args) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in args ? String(args[name]) : whole));
}

/** The language of the page. */
export const language = document.documentElement.lang || "en";
