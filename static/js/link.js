// The site's one WebSocket. It subscribes, acknowledges, notices silence and gaps, and comes back
// by itself. The frames are described in docs/live.md.
//
//   const link = new Link({
//     subscription: () => ({ points: [1, 2], devices: [3] }),
//     onFrame: (frame) => …,   snapshots and changes
//     onState: (was) => …,     link.state was, and is now, connecting, live, lost or resting
//   });
//   link.connect();

import { signInAgain } from "./session.js";

const SILENCE = 25_000; // no message for so long: the link is lost
const PATIENCE = 5_000; // so long may a new connection take until its snapshot is in
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 15_000;
const HIDDEN = 60_000; // a page that nobody sees for so long needs no values
const NOT_SIGNED_IN = 4401;
const CHANGED = 4403; // the user's sites or roles
const AGAIN = 4409; // another session of the user ended, or this one

export class Link {
  state = "connecting";
  heard = Date.now(); // when the last message came
  retryAt = null; // when the next try is due; null while one is under way

  #options;
  #socket = null;
  #seq = 0;
  #failures = 0;
  #retryTimer;
  #silenceTimer;
  #hiddenTimer;

  constructor(options) {
    this.#options = options;
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    window.addEventListener("online", () => this.state === "lost" && this.connect());
  }

  /** Connects now, whatever was planned. */
  connect() {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.retryAt = null;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/live`);
    socket.onopen = () => this.subscribe();
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(event.code);
    this.#socket = socket;
    this.#seq = 0;
    this.#expectMessageWithin(PATIENCE);
  }

  /** Asks for what the page shows now. The answer is a fresh snapshot. */
  subscribe() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#send({ subscribe: this.#options.subscription() });
  }

  #receive(frame) {
    if (frame.error) console.error(`live link: ${frame.error}`);
    if (!frame.seq) return;
    this.#send({ ack: frame.seq });
    const isNext = frame.seq === this.#seq + 1;
    this.#seq = frame.seq;
    this.heard = Date.now();
    this.#options.onFrame(frame);
    if (!isNext) this.subscribe();
    if (frame.snapshot) {
      this.#failures = 0;
      this.#setState("live");
    }
    this.#expectMessageWithin(this.state === "live" ? SILENCE : PATIENCE);
  }

  #expectMessageWithin(milliseconds) {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#lose(), milliseconds);
  }

  #closed(code) {
    if (code === NOT_SIGNED_IN) signInAgain();
    else if (code === CHANGED) location.reload(); // as the user may see it now
    else if (code === AGAIN) this.connect();
    else this.#lose();
  }

  #lose() {
    this.#drop();
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures);
    const jittered = Math.max(FIRST_DELAY, delay * (0.5 + Math.random() / 2));
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => this.connect(), jittered);
    this.retryAt = Date.now() + jittered;
    this.#setState("lost");
  }

  #visibilityChanged() {
    clearTimeout(this.#hiddenTimer);
    if (document.hidden) {
      this.#hiddenTimer = setTimeout(() => this.#rest(), HIDDEN);
    } else if (!this.#socket) {
      this.connect();
    }
  }

  /** Nobody looks: no socket and no tries until somebody does. */
  #rest() {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#setState("resting");
  }

  #drop() {
    clearTimeout(this.#silenceTimer);
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #setState(state) {
    const was = this.state;
    this.state = state;
    this.#options.onState(was);
  }
}
