// The socket to the server: opened again by itself whenever it drops, a little later each time.

import type { Night } from "./night";

const WAIT_MS = [300, 700, 1500, 3000, 5000];

export interface Asked {
  view?: string;
  post?: string;
  decide?: { task: string; move: string; reason: string; responder?: string };
  may?: string;
  steer?: { speed?: number; paused?: boolean; seek_s?: number };
}

export class Link {
  private socket: WebSocket | null = null;
  private failures = 0;

  constructor(
    private readonly night: Night,
    private readonly url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`,
  ) {}

  open(): void {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.failures = 0;
      this.night.connected = true;
      this.night.log = [];
      this.night.tell("link");
      this.say({ ...(this.night.view ? { view: this.night.view } : {}), post: this.night.post });
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.night.hear(event.data);
    socket.onclose = () => {
      this.night.connected = false;
      this.night.tell("link");
      const wait = WAIT_MS[Math.min(this.failures++, WAIT_MS.length - 1)];
      setTimeout(() => this.open(), wait);
    };
  }

  /** Say it, if anybody listens; a person's move is never kept for later. */
  say(asked: Asked): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(asked));
    return true;
  }
}
