// The login form: shows the password on request and says when Caps Lock is on.
//
//   <input id="password" type="password" data-caps-lock="caps">  <p id="caps" hidden>…</p>
//   <button data-reveal="password"><span>Show</span><span hidden>Hide</span></button>

export function startLogin() {
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    button.addEventListener("click", () => {
      const reveals = input.type === "password";
      input.type = reveals ? "text" : "password";
      const [show, hide] = button.children;
      show.hidden = reveals;
      hide.hidden = !reveals;
    });
  }
  for (const input of document.querySelectorAll("[data-caps-lock]")) {
    const hint = document.getElementById(input.dataset.capsLock);
    const update = (event) => {
      hint.hidden = !event.getModifierState("CapsLock");
    };
    input.addEventListener("keydown", update);
    input.addEventListener("keyup", update);
    input.addEventListener("blur", () => {
      hint.hidden = true;
    });
  }
}
