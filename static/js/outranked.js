// Says whether a stronger priority has the point, whatever priority is chosen to write at.
//
//   <p data-outranked="5">Priority 5 has the point: your <span data-own-priority>8</span> ...</p>
//   <select name="priority">

import { setText } from "./clock.js";

export function startOutranked() {
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("select[name=priority]")) return;
    const told = target.closest("dialog")?.querySelector("[data-outranked]");
    if (!told) return;
    told.hidden = Number(target.value) <= Number(told.dataset.outranked);
    setText(told.querySelector("[data-own-priority]"), target.value);
  });
}
