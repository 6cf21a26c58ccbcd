// Commands beside the points they are for: who holds a point, and how far the newest command is. What
// the frames say is described in docs/live.md, what the states mean in docs/commands.md.
//
//   <tr data-device="3" …>
//     <tr data-point="12" data-address="analog-output,1" data-commandable data-decimals="1"
//         data-held="manual">          or data-states='{"0":"Off","1":"On"}' instead of decimals
//       <span data-hold>until 18:00 by anna</span>
//       <span data-command>…</span>    a copy of a template: "55.0 pending"
//
// A confirmed command is shown for a few seconds; one that failed, or that a stronger priority
// outranks, until it is dismissed or the next one comes.

import { now, setText, untilText, zoneOf } from "./clock.js";

const PASSING = 5_000; // so long a success is shown
const OPEN = ["pending", "sent"];
const MINUS = "\u2212";

export class Commands {
  #points = new Map(); // "device/address" -> id -> command
  #dismissed = new Set();
  #shown = new WeakMap(); // element -> what it shows, so that the page is touched only for news
  #templates = new Map();
  #announce = document.querySelector("[data-command-announce]");
  #isKnown = false; // until the first snapshot the page says it all

  constructor() {
    const templates = document.querySelector("[data-command-templates]");
    for (const { dataset, firstElementChild } of templates.content.children) {
      this.#templates.set(dataset.commandName, firstElementChild);
    }
    document.addEventListener("click", ({ target }) => this.#dismiss(target));
  }

  /** The open commands and those that hold their points: of others the end is known already, or it
   * came while nobody told us. */
  takeSnapshot(statuses) {
    const told = new Set(statuses.map((status) => status.command_id));
    for (const commands of this.#points.values()) {
      for (const [id, command] of commands) {
        if (told.has(id)) continue;
        if (OPEN.includes(command.state)) command.state = "unseen";
        command.holds = false;
      }
    }
    this.#isKnown = true;
    this.#take(statuses, false);
  }

  /** What has just happened. Returns whether a point came into or out of somebody's hand. */
  take(statuses) {
    return this.#take(statuses, true);
  }

  #take(statuses, isNews) {
    let hasChangedHands = false;
    for (const status of statuses) {
      const key = `${status.device_id}/${status.point}`;
      if (!this.#points.has(key)) this.#points.set(key, new Map());
      const commands = this.#points.get(key);
      const known = commands.get(status.command_id);
      const wasOpen = known ? OPEN.includes(known.state) : isNews;
      const hasEnded = wasOpen && !OPEN.includes(status.state);
      const endedAt = hasEnded ? Date.now() : known?.endedAt;
      hasChangedHands ||= Boolean(known?.holds) !== status.holds;
      commands.set(status.command_id, { ...status, endedAt });
    }
    return hasChangedHands;
  }

  /** After htmx: other elements, or others' words in them. */
  forget() {
    this.#shown = new WeakMap();
  }

  paint() {
    if (!this.#isKnown) return;
    let hasChanged = false;
    for (const element of document.querySelectorAll("[data-address]")) {
      const device = element.closest("[data-device]")?.dataset.device;
      const known = this.#points.get(`${device}/${element.dataset.address}`);
      hasChanged = this.#paintPoint(element, [...(known?.values() ?? [])]) || hasChanged;
    }
    if (hasChanged) document.dispatchEvent(new Event("live:painted"));
  }

  #paintPoint(element, commands) {
    const isCommandable = "commandable" in element.dataset;
    const hold = isCommandable ? strongest(commands.filter((command) => command.holds)) : null;
    const newest = commands.reduce(newer, null);
    const told = newest && this.#isTold(newest, isCommandable) ? newest : null;
    const shows = JSON.stringify([hold, told]);
    if (this.#shown.get(element) === shows) return false;
    this.#shown.set(element, shows);
    showHold(element, hold);
    for (const slot of element.querySelectorAll("[data-command]")) {
      slot.replaceChildren(...(told ? [this.#describe(element, told)] : []));
      if (told) setText(this.#announce, slot.textContent);
    }
    return true;
  }

  #isTold({ command_id: id, state, message, endedAt }, isCommandable) {
    if (OPEN.includes(state)) return true;
    if (this.#dismissed.has(id)) return false;
    if (state === "unseen" || (state === "unknown" && isCommandable)) return true;
    if (!endedAt) return false;
    return state !== "confirmed" || Boolean(message) || Date.now() - endedAt < PASSING;
  }

  #describe({ dataset }, command) {
    const shown = this.#templates.get(command.state).cloneNode(true);
    const isDone = command.state === "confirmed" && !command.message;
    setText(shown.querySelector("[data-command-what]"), whatText(dataset, command));
    setText(
      shown.querySelector("[data-command-reason]"),
      command.message ? `: ${command.message}` : "",
    );
    const dismiss = shown.querySelector("[data-command-dismiss]");
    if (OPEN.includes(command.state) || isDone) dismiss.remove();
    else dismiss.dataset.commandDismiss = command.command_id;
    const priority = command.priority ? `, priority ${command.priority}` : "";
    shown.title = `${shown.textContent}, by ${command.by}${priority}`;
    return shown;
  }

  #dismiss(target) {
    const button = target.closest("[data-command-dismiss]");
    if (!button) return;
    this.#dismissed.add(Number(button.dataset.commandDismiss));
    this.paint();
  }
}

function showHold(element, hold) {
  if (hold) element.dataset.held = "manual";
  else delete element.dataset.held;
  for (const slot of element.querySelectorAll("[data-hold]")) {
    setText(slot, hold ? `${untilText(hold.until, now(), zoneOf(element))} by ${hold.by}` : "");
    slot.title = hold
      ? [hold.note, `priority ${hold.priority}`, hold.message].filter(Boolean).join("; ")
      : "";
  }
}

const KINDS = { release: "release", out_of_service: "out of service", in_service: "back in service" };

/** What a command asks for; t3000/views/command_rows.py says it alike: never rounded. */
function whatText({ states, decimals }, { kind, value }) {
  if (kind in KINDS) return KINDS[kind];
  if (states) return JSON.parse(states)[value] ?? `State ${value}`;
  return value
    .toLocaleString("en", {
      minimumFractionDigits: Math.abs(value) >= 1000 ? 0 : Number(decimals),
      maximumFractionDigits: 6,
    })
    .replace("-", MINUS);
}

function strongest(commands) {
  return commands.reduce((best, one) => (best && best.priority <= one.priority ? best : one), null);
}

function newer(best, one) {
  return best && best.command_id > one.command_id ? best : one;
}
