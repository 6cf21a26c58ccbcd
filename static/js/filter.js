// Shows some rows of a list: by state with chips, by words with a text field. What is chosen stands
// in the address, so that it can be sent on and survives a reload.
//
//   <section data-filter>
//     <input type="search" data-filter-words>
//     <button data-filter-states="" aria-pressed="true">All <span data-filter-count>2</span></button>
//     <button data-filter-states="fault config" aria-pressed="false">Fault …</button>
//     <tr data-filter-row="IN1 Supply air temp" data-state="manual">
//     <p data-filter-nothing hidden>No row matches.</p>
//   </section>

const address = new URLSearchParams(location.search);
const chosen = new WeakMap(); // section -> the states of its pressed chip

export function startFilters() {
  for (const words of document.querySelectorAll("[data-filter-words]")) {
    words.value = address.get("find") ?? "";
  }
  document.addEventListener("click", ({ target }) => {
    const chip = target.closest("[data-filter-states]");
    if (!chip) return;
    const section = chip.closest("[data-filter]");
    chosen.set(section, chip.dataset.filterStates);
    remember("show", chip.dataset.filterStates);
    apply(section);
  });
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("[data-filter-words]")) return;
    remember("find", target.value);
    apply(target.closest("[data-filter]"));
  });
  document.addEventListener("live:painted", applyAll);
  document.addEventListener("htmx:after:swap", applyAll);
  applyAll();
}

function applyAll() {
  document.querySelectorAll("[data-filter]").forEach(apply);
}

function apply(section) {
  const rows = [...section.querySelectorAll("[data-filter-row]")];
  const chips = [...section.querySelectorAll("[data-filter-states]")];
  const wish = chosen.get(section) ?? address.get("show");
  const states = chips.some((chip) => chip.dataset.filterStates === wish) ? wish : "";
  for (const chip of chips) {
    const count = rows.filter((row) => isIn(row, chip.dataset.filterStates)).length;
    chip.querySelector("[data-filter-count]").textContent = count.toLocaleString("en");
    chip.setAttribute("aria-pressed", String(chip.dataset.filterStates === states));
  }
  const field = section.querySelector("[data-filter-words]");
  const words = field ? field.value.toLowerCase().split(/\s+/) : [];
  for (const row of rows) {
    const text = row.dataset.filterRow.toLowerCase();
    row.hidden = !isIn(row, states) || !words.every((word) => text.includes(word));
  }
  const nothing = section.querySelector("[data-filter-nothing]");
  if (nothing) nothing.hidden = rows.some((row) => !row.hidden);
}

function isIn({ dataset }, states) {
  if (states === "") return true;
  // A manual point stays one when its value is stale, or when it is our write that holds it.
  const own = [dataset.state ?? dataset.deviceState, dataset.mode, dataset.held];
  return states.split(" ").some((state) => own.includes(state));
}

function remember(name, value) {
  const url = new URL(location);
  if (value) url.searchParams.set(name, value);
  else url.searchParams.delete(name);
  history.replaceState(history.state, "", url);
}
