// `<time datetime>` as people read it: `data-format` is `relative` (default), `date`, `time` or `full`.
import { language } from "./i18n.js";

// The page's language as it is written where its reader lives: 14:05 in London, 2:05 PM in Boston.
const region = navigator.languages?.find((name) => name.split("-")[0] === language) ?? language;
const formats = {
  date: new Intl.DateTimeFormat(region, { dateStyle: "medium" }),
  time: new Intl.DateTimeFormat(region, { timeStyle: "short" }),
  full: new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" }),
};
const relative = new Intl.RelativeTimeFormat(region, { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const DAYS_SPOKEN = 7;

/** Write every time below `root` in the page's language and the device's zone. */
export function showTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const when = new Date(element.getAttribute("datetime"));
    if (Number.isNaN(when.getTime())) continue;
    element.title = formats.full.format(when);
    const format = formats[element.dataset.format];
    const text = format ? format.format(when) : relativeTo(when, new Date());
    if (element.textContent !== text) element.textContent = text;
  }
}

/** "3 minutes ago", or the date when it is longer ago than a week. */
export function relativeTo(when, now) {
  const seconds = (when - now) / 1000;
  if (Math.abs(seconds) > DAYS_SPOKEN * 86400) return formats.date.format(when);
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(0, "second");
}

setInterval(() => showTimes(document), 60_000);
