// Says when the chosen end of a write is.
//
//   <fieldset data-until>
//     <input type="radio" data-until-seconds="3600">   or data-until-at="1763420400000", or neither
//     <p data-until-text></p>

import { now, setText, untilText, zoneOf } from "./clock.js";

export function startUntil() {
  const update = () => document.querySelectorAll("[data-until]").forEach(tell);
  document.addEventListener("change", ({ target }) => target.closest("[data-until]") && update());
  document.addEventListener("htmx:after:swap", update);
  document.addEventListener("clock:tick", update);
}

function tell(choice) {
  const place = choice.querySelector("[data-until-text]");
  if (place) setText(place, sentence(choice.querySelector(":checked")?.dataset ?? {}, zoneOf(choice)));
}

function sentence({ untilSeconds, untilAt }, zone) {
  if (!untilSeconds && !untilAt) return "Manual until somebody releases it.";
  const end = untilAt ? Number(untilAt) : now() + untilSeconds * 1000;
  return `Manual ${untilText(end, now(), zone)}, then Auto again.`;
}
