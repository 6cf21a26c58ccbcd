// A value's tooltip says from when it is. Written when the pointer comes, as nobody reads the others.

import { momentText, zoneOf } from "./clock.js";

export function startValueTitles(board) {
  if (!board) return;
  document.addEventListener("pointerover", ({ target }) => {
    const value = target.closest("[data-value]");
    const point = value?.closest("[data-point]");
    if (!point) return;
    if (value.closest(":disabled")) {
      value.removeAttribute("title"); // the button's own says why
      return;
    }
    const lastTrue = board.lastTrue(point);
    if (!lastTrue) {
      value.title = "It was never read";
      return;
    }
    const zone = zoneOf(point);
    const since = momentText(Number(point.dataset.time), zone);
    value.title = `Read ${momentText(lastTrue, zone)}, unchanged since ${since}`;
  });
}
