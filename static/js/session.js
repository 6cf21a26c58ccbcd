// A session that is over: the login page says so, and leads back here. Who signs out is on the way
// there already, and no one has to tell them.

const ON_THE_WAY = 5_000; // ms that a page which is being left gets to be gone

let isLeaving = false;
window.addEventListener("beforeunload", () => {
  isLeaving = true;
});

export function signInAgain() {
  setTimeout(leave, isLeaving ? ON_THE_WAY : 0);
}

function leave() {
  const here = location.pathname + location.search;
  location.assign(`/login/?${new URLSearchParams({ ended: 1, next: here })}`);
}
