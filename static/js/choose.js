// Ticks all rows of a group at once, and says how many are ticked.
//
//   <section data-choose>
//     <tbody data-choose-group>
//       <input type="checkbox" data-choose-all hidden>
//       <input type="checkbox" name="finding" data-choose-open>
//     </tbody>
//     <span data-choose-count>Tick what you mean.</span>
//   </section>

export function startChoosing() {
  document.addEventListener("change", ({ target }) => {
    const section = target.closest("[data-choose]");
    if (!section) return;
    if (target.matches("[data-choose-all]")) {
      const group = target.closest("[data-choose-group]");
      for (const box of group.querySelectorAll("[data-choose-open]")) box.checked = target.checked;
    }
    tell(section);
  });
  document.addEventListener("htmx:after:swap", tellAll);
  tellAll();
}

function tellAll() {
  document.querySelectorAll("[data-choose]").forEach(tell);
}

function tell(section) {
  for (const group of section.querySelectorAll("[data-choose-group]")) {
    const all = group.querySelector("[data-choose-all]");
    if (!all) continue;
    const boxes = [...group.querySelectorAll("[data-choose-open]")];
    const ticked = boxes.filter((box) => box.checked).length;
    all.hidden = boxes.length < 2;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  const count = section.querySelectorAll("[name=finding]:checked").length;
  section.querySelector("[data-choose-count]").textContent = count
    ? `${count.toLocaleString("en")} selected`
    : "Tick what you mean.";
}
