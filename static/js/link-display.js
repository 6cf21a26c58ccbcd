// Says whether the live link is there: <html data-live>, the bar under the top bar, and a word for
// screen readers at each edge.
//
//   <aside data-link-bar hidden>
//     <time data-age data-link-lost></time> <span data-link-next></span>
//     <button data-link-retry>Try now</button>
//   </aside>
//   <p role="status" data-link-announce></p>
//   <div data-scroll>   scrolled content that must not move when the bar comes or goes

import { ageText, now, setText } from "./clock.js";

export function showLink(link) {
  const isLost = link.state === "lost";
  const wasLost = document.documentElement.dataset.live === "lost";
  document.documentElement.dataset.live = link.state;
  if (isLost) fillBar(link);
  if (isLost === wasLost) return;
  keepInPlace(() => {
    document.querySelector("[data-link-bar]").hidden = !isLost;
  });
  const announcement = isLost ? "Live link lost" : "Live link restored";
  setText(document.querySelector("[data-link-announce]"), announcement);
}

function fillBar(link) {
  const lost = document.querySelector("[data-link-lost]");
  const since = Date.now() - link.heard;
  lost.dataset.age = now() - since;
  setText(lost, ageText(since));
  const wait = link.retryAt === null ? 0 : Math.ceil((link.retryAt - Date.now()) / 1000);
  setText(
    document.querySelector("[data-link-next]"),
    wait > 0 ? `Next try in ${wait} s.` : "Trying now.",
  );
}

/** What was scrolled to stays under the pointer while `change` moves the top of the page. */
function keepInPlace(change) {
  const scrolled = [...document.querySelectorAll("[data-scroll]")].filter((one) => one.scrollTop);
  const tops = scrolled.map((one) => one.getBoundingClientRect().top);
  change();
  scrolled.forEach((one, index) => {
    one.scrollTop += one.getBoundingClientRect().top - tops[index];
  });
}
