// Light, dark or as the device says. A blocking script in <head>, so that no page flashes.
//
//   <input type="radio" name="theme" value="light">   also dark, and device for the default

{
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("theme") ?? "device";
    } catch {
      return "device"; // storage is forbidden here
    }
  }

  function apply() {
    const deviceTheme = dark.matches ? "dark" : "light";
    const choice = chosen();
    document.documentElement.dataset.bsTheme = choice === "device" ? deviceTheme : choice;
  }

  apply();
  dark.addEventListener("change", apply);

  document.addEventListener("DOMContentLoaded", () => {
    const input = document.querySelector(`input[name="theme"][value="${chosen()}"]`);
    if (input) input.checked = true;
  });

  document.addEventListener("change", ({ target }) => {
    if (target.name !== "theme") return;
    localStorage.setItem("theme", target.value);
    apply();
  });
}
