// Guards what htmx fetches by itself: a fragment that failed leaves the page as it is, and one that
// became the login page takes the whole page there. What stands around the fragment keeps up with it:
// the number of devices, and with the first of them the name and the clock of their site.
//
//   <span data-devices-known>0</span>   <div data-devices-shown="7">…fragment…</div>

import { setText } from "./clock.js";
import { signInAgain } from "./session.js";

export function startRefresh() {
  document.addEventListener("htmx:before:swap", (event) => {
    const { response } = event.detail.ctx;
    if (response.raw.redirected) signInAgain();
    const isForm = [409, 422].includes(response.status); // it says what is wrong with what was asked
    if (response.raw.redirected || (response.status >= 400 && !isForm)) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", keepUp);
}

function keepUp() {
  const known = document.querySelector("[data-devices-known]");
  const shown = document.querySelector("[data-devices-shown]")?.dataset.devicesShown;
  if (!known || shown === undefined) return;
  if (known.textContent === "0" && shown !== "0") location.reload();
  else setText(known, shown);
}
