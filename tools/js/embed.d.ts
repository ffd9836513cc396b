// A portal's page may lack any element.

interface ParentNode {
  querySelector<E extends Element = PageElement>(selectors: string): E | null;
  querySelectorAll<E extends Element = PageElement>(selectors: string): NodeListOf<E>;
}

interface Element {
  closest<E extends Element = PageElement>(selectors: string): E | null;
}

interface Document {
  getElementById<E extends HTMLElement = PageElement>(id: string): E | null;
}
