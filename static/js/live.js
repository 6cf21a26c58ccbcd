// Keeps the values on the page true. `data-quality` and `data-link` hold what the server said last,
// `data-state` and `data-device-state` what is shown of it; badges are copied from a template.
//
//   <main data-live-page> …
//     <tr data-device="3" data-link="online" data-device-state="online"
//         data-last-seen="1763372538000" data-stale-after="15" data-zone="Europe/Berlin">
//       <td data-device-badge>…</td> <td><time data-age="1763372538000" data-answered>4 s</time></td>
//     <tr data-point="12" data-quality="0" data-state="normal" data-mode="auto"
//         data-time="1763372538000" data-on="true">
//       <td data-value>21.5</td> <td data-point-badge>…</td> <td><time data-moment="…">…</time></td>
//
// A point belongs to the nearest [data-device] around it. The document hears "live:painted" when
// states changed, the body "live:restored" after a loss, "live:device" when one falls or rises and
// "live:command" when a point comes into or out of somebody's hand. For commands see commands.js.

import { Board } from "./board.js";
import { setServerTime } from "./clock.js";
import { Commands } from "./commands.js";
import { showLink } from "./link-display.js";
import { Link } from "./link.js";
import { showSummary } from "./summary.js";

const PAINT_INTERVAL = 250; // four changes a second at most
const RESUBSCRIBE_DELAY = 100;

/** Starts the live link of a page that has one; returns the board of its values. */
export function startLive() {
  if (!document.querySelector("[data-live-page]")) return null;
  const board = new Board();
  const commands = new Commands();
  const paint = paced(() => {
    commands.paint();
    board.paint(isLost(link));
    showSummary(board.summary(), link);
  });
  const resubscribe = debounced(() => link.subscribe());
  const link = new Link({
    subscription: () => board.ids(),
    onFrame: (frame) => {
      takeFrame(board, commands, frame);
      paint();
    },
    onState: (was) => {
      showLink(link);
      paint();
      const isBack = link.state === "live" && ["lost", "resting"].includes(was);
      if (isBack) say("live:restored");
    },
  });
  document.addEventListener("clock:tick", () => {
    showLink(link);
    paint();
  });
  // After htmx: other elements, perhaps other points, and values as old as the answer.
  document.addEventListener("htmx:after:swap", () => {
    if (board.scan(link.state === "live")) resubscribe();
    commands.forget();
    if (link.state === "live") commands.paint();
    board.paint(isLost(link));
  });
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-link-retry]")) return;
    link.connect();
    showLink(link);
  });
  link.connect();
  return board;
}

/** Whether what is shown may be old: until a fresh snapshot is in, also after a rest. */
function isLost(link) {
  return link.state === "lost" || link.state === "resting";
}

function takeFrame(board, commands, frame) {
  const { snapshot } = frame;
  if (snapshot) setServerTime(snapshot.time);
  const points = snapshot?.points ?? frame.point_update;
  const devices = snapshot?.devices ?? frame.device_status;
  if (points) board.takePoints(points);
  if (devices && board.takeDevices(devices)) say("live:device");
  if (snapshot) commands.takeSnapshot(snapshot.commands);
  else if (frame.command_status && commands.take(frame.command_status)) say("live:command");
}

function say(event) {
  document.body.dispatchEvent(new Event(event));
}

/** Calls `work` in the next frame, but not more often than PAINT_INTERVAL allows. */
function paced(work) {
  let isPlanned = false;
  let last = 0;
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    const wait = Math.max(0, last + PAINT_INTERVAL - performance.now());
    setTimeout(() => {
      requestAnimationFrame(() => {
        isPlanned = false;
        last = performance.now();
        work();
      });
    }, wait);
  };
}

function debounced(work) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, RESUBSCRIBE_DELAY);
  };
}
