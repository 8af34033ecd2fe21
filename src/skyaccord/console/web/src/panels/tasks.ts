// Task cards: what is proposed, who may decide it and by which clauses, and the buttons with which a person does. A button is
// there when the task's state leaves its move open; whether this post may make it the server says, and the answer is shown.

import type { Link } from "../link";
import type { Night } from "../night";
import type { MayRow, Task } from "../said";
import { capital, clockText, MOVE_WORDS, plain } from "../words";
import { type Card, Cards, clauseList, h, say } from "./dom";

export class TaskCards {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "cards tasks" });
  private readonly empty = h("p", { class: "empty" }, "No task is proposed.");
  private readonly count = h("span", { class: "badge-count" }, "0");
  private readonly cards: Cards<Task>;

  constructor(
    private readonly night: Night,
    private readonly link: Link,
    private readonly show: (track: number) => void,
  ) {
    this.cards = new Cards(this.list, (task) => task.id, (task) => this.card(task));
    this.element = h("section", { class: "panel task-panel", "aria-label": "Tasks" }, h("h2", {}, "Tasks", this.count), this.empty, this.list);
    night.on(["tasks", "scene", "may", "place", "selection"], () => this.refresh());
  }

  focus(): void {
    this.list.querySelector<HTMLElement>("button:not([disabled])")?.focus();
  }

  private refresh(): void {
    const tasks = this.night.tasks.toSorted(
      (a, b) => Number(this.night.isOver(a.state)) - Number(this.night.isOver(b.state)) || b.proposed_s - a.proposed_s || a.id.localeCompare(b.id, undefined, { numeric: true }),
    );
    this.cards.show(tasks);
    this.empty.hidden = tasks.length > 0;
    say(this.count, String(tasks.filter((task) => !this.night.isOver(task.state)).length));
  }

  private card(first: Task): Card<Task> {
    const verb = h("span", { class: "verb" });
    const target = h("button", { type: "button", class: "target", onclick: () => this.aim(first.id) });
    const state = h("span", { class: "state", "data-testid": `state-${first.id}` });
    const text = h("p", { class: "card-text" });
    const facts = h("dl", { class: "facts" });
    const reason = h("input", { type: "text", class: "reason", placeholder: "Reason, for the log", "aria-label": `Reason for a decision on ${first.id}`, maxlength: 300 });
    const buttons = h("div", { class: "moves", role: "group", "aria-label": `Decide ${first.id}` });
    const responder = h("select", { class: "responder", "aria-label": `Who carries out ${first.id}`, title: "Who carries it out", "data-testid": `responder-${first.id}` });
    const decide = h("div", { class: "decide" }, reason, responder, buttons);
    const table = h("div", { class: "may" });
    const who = h("details", { "data-testid": `may-${first.id}`, ontoggle: () => who.open && this.ask(first.id) }, h("summary", {}, "Who may?"), table);
    const element = h(
      "li",
      { class: "card task", "data-testid": `task-${first.id}` },
      h("div", { class: "card-head" }, verb, target, h("span", { class: "id" }, first.id), state),
      text,
      facts,
      decide,
      who,
    );
    let shown = "";
    let shownMay: MayRow[] | undefined;
    return {
      element,
      update: (task) => {
        const { scene, clock, view, selected } = this.night;
        const track = this.night.trackOfTask(task);
        element.classList.toggle("over", this.night.isOver(task.state));
        element.classList.toggle("chosen", selected >= 0 && track === selected);
        say(target, track >= 0 ? `#${track}` : `${task.party} #${task.track}`);
        const key = JSON.stringify([task, scene?.clauses, clock?.can_decide, view, this.night.post]);
        if (key !== shown) {
          shown = key;
          say(verb, capital(plain(task.verb)));
          target.title = "Show the track";
          say(state, task.state);
          state.title = `since ${clockText(task.changed_s)}`;
          state.className = `state ${task.state}`;
          say(text, task.text);
          this.fillFacts(facts, task);
          this.fillResponders(responder, task);
          this.fillButtons(buttons, reason, responder, task);
          decide.hidden = !buttons.childElementCount;
          if (who.open) this.ask(task.id);
        }
        const rows = this.night.may.get(task.id);
        if (rows && rows !== shownMay) table.replaceChildren(mayTable(rows, this.night.post, this.night.moves, this.night.movesFrom(task.state)));
        shownMay = rows;
      },
    };
  }

  private aim(id: string): void {
    const task = this.night.tasks.find((t) => t.id === id);
    const track = task ? this.night.trackOfTask(task) : -1;
    this.night.select(track);
    this.show(track);
  }

  private ask(task: string): void {
    this.link.say({ may: task });
  }

  private fillFacts(facts: HTMLElement, task: Task): void {
    const clauses = this.night.scene?.clauses;
    facts.replaceChildren(
      h("dt", {}, "Decides"),
      h("dd", { class: "authority" }, task.authority || "nobody holds the authority"),
      h("dt", {}, "By"),
      h("dd", {}, clauseList(task.clauses, clauses)),
      ...(task.reason ? [h("dt", {}, "Because"), h("dd", {}, task.reason)] : []),
      ...(task.responder ? [h("dt", {}, "Carried out by"), h("dd", {}, task.responder)] : []),
    );
  }

  /** To whom a task may be assigned: the posts that somebody holds, those of the task's own party first, duty posts before all. */
  private fillResponders(select: HTMLSelectElement, task: Task): void {
    const chosen = select.value;
    const posts = (this.night.scene?.posts ?? []).filter((post) => !post.vacant && post.party && post.powers.length);
    const rank = (post: { id: string; party: string }): number => Number(post.party !== task.party) * 2 + Number(post.id === task.authority);
    posts.sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
    select.replaceChildren(...posts.map((post) => h("option", { value: post.id, selected: post.id === chosen }, `to ${post.id}`)));
    select.hidden = this.night.clock?.can_decide === false || !this.night.movesFrom(task.state).includes("assign");
  }

  private fillButtons(host: HTMLElement, reason: HTMLInputElement, responder: HTMLSelectElement, task: Task): void {
    const held = document.activeElement;
    const focused = held instanceof HTMLElement && host.contains(held);
    const open = this.night.clock?.can_decide === false ? [] : this.night.movesFrom(task.state);
    host.replaceChildren(
      ...open.map((move) =>
        h(
          "button",
          {
            type: "button",
            class: `move ${move}`,
            "data-testid": `${move}-${task.id}`,
            title: this.night.post ? `${MOVE_WORDS[move] ?? move} as ${this.night.post}` : "Say first at which post you are",
            onclick: () => {
              const to = move === "assign" ? { responder: responder.value } : {};
              if (this.link.say({ decide: { task: task.id, move, reason: reason.value.trim(), ...to } })) reason.value = "";
            },
          },
          MOVE_WORDS[move] ?? capital(move),
        ),
      ),
    );
    if (focused) host.querySelector<HTMLElement>("button")?.focus(); // a keyboard stays where it was
  }
}

/** Posts by moves: yes or no; and why, for the moves that are open now. */
function mayTable(rows: MayRow[], mine: string, moves: string[], open: string[]): HTMLElement {
  const posts = [...new Set(rows.map((row) => row.post))];
  const cell = (post: string, move: string): HTMLElement => {
    const row = rows.find((r) => r.post === post && r.move === move);
    if (!row) return h("td", {}, "");
    const why = `${row.reason} ${row.clauses.join(", ")}`.trim();
    return h("td", { class: row.allowed ? "yes" : "no", title: why }, row.allowed ? "yes" : "no", h("span", { class: "spoken" }, `. ${why}`));
  };
  const reasons = new Map<string, MayRow>();
  for (const row of rows) if (open.includes(row.move) && row.reason && !reasons.has(`${row.allowed}${row.reason}`)) reasons.set(`${row.allowed}${row.reason}`, row);
  return h(
    "div",
    {},
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Post"), ...moves.map((move) => h("th", { scope: "col", abbr: move }, move === "acknowledge" ? "Ack." : (MOVE_WORDS[move] ?? move))))),
      h("tbody", {}, ...posts.map((post) => h("tr", { class: post === mine ? "mine" : "" }, h("th", { scope: "row" }, post), ...moves.map((move) => cell(post, move))))),
    ),
    h(
      "ul",
      { class: "reasons" },
      ...[...reasons.values()].map((row) =>
        h("li", { class: row.allowed ? "yes" : "no" }, h("b", {}, row.allowed ? "yes: " : "no: "), row.reason, " ", h("span", { class: "clause" }, row.clauses.join(", "))),
      ),
    ),
  );
}
