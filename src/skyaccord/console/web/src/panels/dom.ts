// Just enough to write the panels down: an element in one call, and lists that keep their elements (and so the focus).

type Child = Node | string | null | undefined | false;
type Props = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>;

/** An element: `on…` keys listen, `true` sets a bare attribute, null and false leave it out, the rest are attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return element;
}

/** Set text only when it differs, so that a reader's selection and the browser's work are spared. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export interface Card<T> {
  element: HTMLElement;
  update: (item: T) => void;
}

/** A list of cards by key: new ones are made, known ones told of their item, gone ones taken away, the order kept. */
export class Cards<T> {
  private cards = new Map<string, Card<T>>();

  constructor(
    private readonly host: HTMLElement,
    private readonly keyOf: (item: T) => string,
    private readonly make: (item: T) => Card<T>,
  ) {}

  show(items: readonly T[]): void {
    const keys = new Set(items.map(this.keyOf));
    for (const [key, card] of this.cards) {
      if (keys.has(key)) continue;
      card.element.remove();
      this.cards.delete(key);
    }
    items.forEach((item, place) => {
      const key = this.keyOf(item);
      let card = this.cards.get(key);
      if (!card) this.cards.set(key, (card = this.make(item)));
      card.update(item);
      if (this.host.children[place] !== card.element) this.host.insertBefore(card.element, this.host.children[place] ?? null);
    });
  }
}

/** Clauses by name, each with its words on demand. */
export function clauseList(ids: readonly string[], texts: Record<string, string> | undefined, open = false): HTMLElement {
  return h(
    "ul",
    { class: "clauses" },
    ...ids.map((id) => {
      const text = texts?.[id];
      if (!text) return h("li", {}, h("span", { class: "clause" }, id));
      return h("li", {}, h("details", { open }, h("summary", { class: "clause" }, id), h("p", { class: "clause-text" }, text)));
    }),
  );
}
