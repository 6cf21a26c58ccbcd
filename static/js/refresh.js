// Guards what htmx fetches by itself: a fragment that failed leaves the page as it is, and one that
// became the login page takes the whole page there.

export function startRefresh() {
  document.addEventListener("htmx:before:swap", (event) => {
    const { response } = event.detail.ctx;
    if (response.raw.redirected) location.reload();
    const isForm = [409, 422].includes(response.status); // it says what is wrong with what was asked
    if (response.raw.redirected || (response.status >= 400 && !isForm)) event.preventDefault();
  });
}
