// The server's time on the site's clock, and how long ago things were. Once a second it rewrites
//
//   <time data-clock="1763372538000" data-zone="Europe/Berlin">Mon 17 Nov 2025 10:42:18</time>
//   <time data-age="1763372538000">4 s</time>
//
// and then says "clock:tick" on the document. The viewer's own clock and zone do not matter. What is
// inside of an element with a data-zone of its own is told on the clock of that place.

let offset = 0;
let zone = "UTC";

export const now = () => Date.now() + offset;

export function setServerTime(time) {
  offset = time - Date.now();
}

export function startClock() {
  const clock = document.querySelector("[data-clock]");
  if (!clock) return;
  zone = clock.dataset.zone;
  setServerTime(Number(clock.dataset.clock));
  setInterval(() => tick(clock), 1000);
  document.addEventListener("visibilitychange", () => tick(clock));
}

function tick(clock) {
  if (document.hidden) return;
  setText(clock, clockText(now()));
  updateAges(document);
  document.dispatchEvent(new Event("clock:tick"));
}

export function updateAges(root) {
  for (const element of root.querySelectorAll("[data-age]")) {
    setText(element, ageText(now() - Number(element.dataset.age)));
  }
}

/** Touches the page only where something changes. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The two largest units; t3000/templatetags/shell.py says it alike. */
export function ageText(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return twoUnits(hours, "h", minutes % 60, "min");
  return twoUnits(Math.floor(hours / 24), "d", hours % 24, "h");
}

function twoUnits(large, largeUnit, small, smallUnit) {
  return small ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}

/** The zone of the place that an element tells of: the nearest data-zone, else the page's. */
export function zoneOf(element) {
  return element?.closest("[data-zone]")?.dataset.zone ?? zone;
}

/** The city of a zone that is not the page's; t3000/templatetags/shell.py says it alike. */
function elsewhere(place) {
  return place === zone ? "" : ` ${place.split("/").at(-1).replaceAll("_", " ")}`;
}

function clockText(time) {
  const { weekday, day, month, year, hour, minute, second } = parts(time, zone);
  return `${weekday} ${day} ${month} ${year} ${hour}:${minute}:${second}`;
}

/** A moment as {% moment %} writes it: with its date unless that is today. 0: it has not come. */
export function momentText(time, place = zone) {
  if (!time) return "–";
  const then = parts(time, place);
  const today = parts(now(), place);
  const isThisYear = then.year === today.year;
  if (isThisYear && then.month === today.month && then.day === today.day) {
    return `${then.hour}:${then.minute}:${then.second}${elsewhere(place)}`;
  }
  const year = isThisYear ? "" : ` ${then.year}`;
  return `${then.day} ${then.month}${year} ${then.hour}:${then.minute}${elsewhere(place)}`;
}

/** An end, with its day unless that is today; t3000/templatetags/shell.py says it alike. */
export function untilText(until, time, place = zone) {
  if (until === null) return "no end,";
  const end = parts(until, place);
  const today = parts(time, place);
  const clock = `${end.hour}:${end.minute}${elsewhere(place)}`;
  const isToday = end.day === today.day && end.month === today.month && end.year === today.year;
  return isToday ? `until ${clock}` : `until ${end.day} ${end.month} ${clock}`;
}

const formats = new Map(); // by zone: one is slow to make

function parts(time, place) {
  if (!formats.has(place)) {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone: place,
      weekday: "short",
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(place, format);
  }
  const format = formats.get(place);
  return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
}
