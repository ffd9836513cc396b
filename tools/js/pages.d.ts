// The pages have the elements that their own templates write, with the data that scripts read: a
// selector finds one.

interface PageElement {
  dataset: { [name: string]: string };
  parentElement: HTMLElement;
  textContent: string;
}

interface ParentNode {
  querySelector<E extends Element = PageElement>(selectors: string): E;
  querySelectorAll<E extends Element = PageElement>(selectors: string): NodeListOf<E>;
}

interface Element {
  closest<E extends Element = PageElement>(selectors: string): E;
}

interface Document {
  getElementById<E extends HTMLElement = PageElement>(id: string): E;
}
