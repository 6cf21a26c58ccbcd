// The dialog in which a point is written. htmx fetches its form, and puts it there again with what is
// wrong; 204 says that the command is on its way. Esc cancels, Enter writes: both are the browser's.
//
//   <button hx-get="/points/12/write" hx-target="#write">42.0</button>
//   <dialog id="write" data-write-dialog>   <button data-write-close>Cancel</button>
//   <template data-write-failed>…</template>  when no answer came that could be shown

export function startWriteDialog() {
  const dialog = document.querySelector("[data-write-dialog]");
  if (!dialog) return;
  const open = () => {
    if (!dialog.open) dialog.showModal();
    const field = dialog.querySelector("[aria-invalid], [autofocus]");
    field?.focus();
    field?.select?.();
  };
  const fail = ({ detail: { ctx } }) => {
    if (ctx.target !== dialog || isForm(ctx.response)) return;
    dialog.replaceChildren(document.querySelector("[data-write-failed]").content.cloneNode(true));
    open();
  };
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target === dialog && isForm(ctx.response)) open();
  });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.target === dialog && ctx.response.status === 204) dialog.close();
  });
  document.addEventListener("htmx:response:error", fail);
  document.addEventListener("htmx:error", fail);
  dialog.addEventListener("click", ({ target }) => {
    if (target.closest("[data-write-close]")) dialog.close();
  });
}

function isForm(response) {
  return [200, 409, 422].includes(response?.status);
}
