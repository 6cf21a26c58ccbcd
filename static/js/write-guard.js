// Nothing is written by what may be old: controls are disabled, with a title that says why, while the
// live link is lost, until a fresh snapshot is in, and while their device does not answer.
//
//   <html data-live="lost">   <tr data-device="3" data-device-state="offline">
//     <button data-writes>42.0</button>
//   <p data-write-blocked hidden></p>   says it in an open dialog, too

import { setText } from "./clock.js";

const LOST = "The live link is lost: nothing can be written until fresh values are in.";
const SILENT = "The device does not answer: nothing can be written until it does.";

export function startWriteGuard() {
  document.addEventListener("live:painted", guard);
  document.addEventListener("htmx:after:swap", guard);
  guard();
}

function guard() {
  for (const control of document.querySelectorAll("[data-writes]")) {
    const reason = whyNot(control);
    if (control.disabled === Boolean(reason) && control.title === reason) continue;
    control.disabled = Boolean(reason);
    control.title = reason;
  }
  for (const place of document.querySelectorAll("[data-write-blocked]")) {
    const reason = whyNot(place);
    place.hidden = !reason;
    setText(place, reason);
  }
}

function whyNot(element) {
  if (["lost", "resting"].includes(document.documentElement.dataset.live)) return LOST;
  const device = element.closest("[data-device]");
  return device && device.dataset.deviceState !== "online" ? SILENT : "";
}
