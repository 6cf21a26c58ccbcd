// The status bar's view of the values on the page.
//
//   <span data-summary-oldest hidden>Oldest value shown <time data-age>4 s</time></span>
//   <span data-summary-on-time hidden>58 of 60 points on time</span>

import { momentText, now, setText, updateAges } from "./clock.js";

export function showSummary({ total, onTime, oldest }, link) {
  const age = document.querySelector("[data-summary-oldest]");
  age.hidden = oldest === Infinity;
  age.querySelector("[data-age]").dataset.age = oldest;
  updateAges(age);
  const points = document.querySelector("[data-summary-on-time]");
  points.hidden = total === 0;
  setText(
    points,
    link.state === "lost"
      ? `Values of ${momentText(now() - (Date.now() - link.heard))}`
      : `${onTime.toLocaleString("en")} of ${total.toLocaleString("en")} points on time`,
  );
}
