// The points and devices on the page: what is known of them, and how they are shown. The markup is
// described in live.js. Nothing here knows where the news come from.

import { momentText, now, setText, updateAges, zoneOf } from "./clock.js";

// Qualities as in protocols.types.Quality.
const STALE = 2;
const NO_ANSWER = 5;
const USABLE = [0, 1, 3]; // good, manual, out of range
const WITHOUT_VALUE = [5, 7]; // no answer, not in device
const OF_DEVICE = { unknown: "not-read", offline: "silent" }; // of a point without an answer
const MODES = ["auto", "manual"]; // by quality; the others do not tell

export class Board {
  #points = new Map();
  #devices = new Map();
  #pointElements = [];
  #deviceElements = [];
  #badges = new Map();
  #pointStates = []; // by quality

  constructor() {
    for (const badge of document.querySelector("[data-badges]").content.children) {
      this.#badges.set(badge.dataset.badge, badge);
      if (badge.dataset.quality) this.#pointStates[badge.dataset.quality] = badge.dataset.badge;
    }
    this.scan(false);
  }

  /** What the page shows, as the subscription names it. */
  ids() {
    return { points: [...this.#points.keys()], devices: [...this.#devices.keys()] };
  }

  /** Looks at the page anew; what is known already is kept if it `isCurrent`. Returns whether the
   * page now shows something else. */
  scan(isCurrent) {
    const before = JSON.stringify(this.ids());
    this.#pointElements = [...document.querySelectorAll("[data-point]")];
    this.#deviceElements = [...document.querySelectorAll("[data-device]")];
    const points = isCurrent ? this.#points : new Map();
    this.#points = new Map(
      this.#pointElements.map((element) => {
        const id = Number(element.dataset.point);
        return [id, points.get(id) ?? readPoint(element)];
      }),
    );
    const devices = isCurrent ? this.#devices : new Map();
    this.#devices = new Map(
      this.#deviceElements.map((element) => {
        const id = Number(element.dataset.device);
        return [id, devices.get(id) ?? readDevice(element)];
      }),
    );
    return JSON.stringify(this.ids()) !== before;
  }

  takePoints({ ids, values, texts, qualities, times }) {
    ids.forEach((id, index) => {
      const known = this.#points.get(id);
      if (!known) return; // it left the page meanwhile
      Object.assign(known, {
        on: Boolean(values[index]),
        text: texts[index],
        quality: qualities[index],
        time: times[index] ?? 0, // 0: there never was a value
      });
    });
  }

  /** Returns whether one of them changed its state. */
  takeDevices(statuses) {
    let hasEdge = false;
    for (const { device_id: id, state, last_seen: lastSeen, since } of statuses) {
      const known = this.#devices.get(id);
      if (!known) continue;
      hasEdge ||= known.state !== state;
      Object.assign(known, { state, lastSeen: lastSeen ?? 0, since: since ?? 0 });
    }
    return hasEdge;
  }

  /** Brings the page up to date. When the link `isLost` nothing on it is shown as fresh. */
  paint(isLost) {
    let hasChanged = false;
    for (const element of this.#deviceElements) {
      const device = this.#devices.get(Number(element.dataset.device));
      hasChanged = this.#paintDevice(element, device, isLost) || hasChanged;
    }
    for (const element of this.#pointElements) {
      const point = this.#points.get(Number(element.dataset.point));
      hasChanged = this.#paintPoint(element, point, isLost) || hasChanged;
    }
    if (hasChanged) document.dispatchEvent(new Event("live:painted"));
  }

  /** How many of the points shown are fresh, and from when the oldest value is. */
  summary() {
    const shown = new Map(this.#pointElements.map((element) => [element.dataset.point, element]));
    const summary = { total: shown.size, onTime: 0, oldest: Infinity };
    for (const element of shown.values()) {
      const { quality } = this.#points.get(Number(element.dataset.point));
      const hasValue = !WITHOUT_VALUE.includes(quality) && this.lastTrue(element);
      if (hasValue) {
        summary.oldest = Math.min(summary.oldest, this.lastTrue(element));
      }
      if (USABLE.includes(quality) && element.dataset.state !== "stale") summary.onTime += 1;
    }
    return summary;
  }

  /** Until when the value shown in this element is known to be true: a value that does not change
   * is confirmed with every answer of its device. */
  lastTrue(element) {
    const point = this.#points.get(Number(element.dataset.point));
    const device = this.#deviceOf(element);
    return USABLE.includes(point.quality) && device
      ? Math.max(point.time, device.lastSeen)
      : point.time;
  }

  #deviceOf(element) {
    return this.#devices.get(Number(element.closest("[data-device]")?.dataset.device));
  }

  #paintPoint(element, point, isLost) {
    const device = this.#deviceOf(element);
    const isFresh = !isLost && isAnswering(device);
    const quality = !isFresh && USABLE.includes(point.quality) ? STALE : point.quality;
    const ofDevice = quality === NO_ANSWER ? OF_DEVICE[device?.state] : null;
    const state = ofDevice ?? this.#pointStates[quality];
    const hasChanged = element.dataset.state !== state;
    const hasMoved = Number(element.dataset.time) !== point.time;
    setText(element.querySelector("[data-value]"), point.text);
    if (hasChanged || (hasMoved && quality === STALE)) {
      this.#showBadge(element, "[data-point-badge]", state, this.lastTrue(element));
    }
    if (hasMoved) showTime(element, point.time);
    setData(element, {
      state,
      quality: point.quality,
      time: point.time,
      mode: MODES[point.quality] ?? "unknown",
    });
    if ("on" in element.dataset) setData(element, { on: point.on });
    return hasChanged;
  }

  #paintDevice(element, device, isLost) {
    const isSilent = isLost || (device.state === "online" && !isAnswering(device));
    const state = isSilent ? "not-live" : device.state;
    const hasChanged = element.dataset.deviceState !== state;
    if (hasChanged) {
      const since = isSilent ? device.lastSeen : device.since;
      this.#showBadge(element, "[data-device-badge]", state, since);
    }
    for (const answered of element.querySelectorAll("[data-answered]")) {
      setData(answered, { age: device.lastSeen });
    }
    setData(element, {
      deviceState: state,
      link: device.state,
      lastSeen: device.lastSeen,
      since: device.since,
    });
    return hasChanged;
  }

  #showBadge(element, selector, state, since) {
    for (const slot of element.querySelectorAll(selector)) {
      const badge = this.#badges.get(state).cloneNode(true);
      const age = badge.querySelector("[data-age]");
      if (age && since) age.dataset.age = since;
      else age?.remove();
      updateAges(badge);
      slot.replaceChildren(badge);
    }
  }
}

function isAnswering(device) {
  if (!device) return true;
  return device.state !== "offline" && now() - device.lastSeen <= device.staleAfter * 1000;
}

function showTime(element, time) {
  for (const moment of element.querySelectorAll("[data-moment]")) {
    setText(moment, momentText(time, zoneOf(element)));
  }
  if (!time) return;
  for (const age of element.querySelectorAll("[data-point-since]")) setData(age, { age: time });
}

function readPoint(element) {
  const { quality, time, on } = element.dataset;
  return {
    on: on === "true",
    text: element.querySelector("[data-value]").textContent,
    quality: Number(quality),
    time: Number(time),
  };
}

function readDevice({ dataset }) {
  return {
    state: dataset.link,
    lastSeen: Number(dataset.lastSeen),
    since: Number(dataset.since),
    staleAfter: Number(dataset.staleAfter),
  };
}

/** Touches the page only where something changes. */
function setData({ dataset }, changes) {
  for (const [name, value] of Object.entries(changes)) {
    if (dataset[name] !== String(value)) dataset[name] = value;
  }
}
