// What the browser's own types leave out, and what the files of the embed hand to each other.

/**
 * What a selector finds: an element of HTML, and a field, form, frame or link if it is one.
 *
 * Selectors here name attributes, which tell no tag; a property that none of these has is an error.
 */
interface PageElement extends HTMLElement {
  checked: boolean;
  contentDocument: Document;
  contentWindow: Window & typeof globalThis;
  disabled: boolean;
  elements: HTMLFormControlsCollection & Record<string, any>;
  files: FileList;
  form: HTMLFormElement;
  hash: string;
  href: string;
  name: string;
  open: boolean;
  pathname: string;
  placeholder: string;
  search: string;
  src: string;
  type: string;
  value: string;
  checkValidity(): boolean;
  reportValidity(): boolean;
  select(): void;
  setCustomValidity(text: string): void;
  show(): void;
}

/** What the core of the embed hands to the files that it fetches; see embed/src/parts.js. */
type StatsCore = [
  answer: typeof import("../../stats_service/web/embed/src/answer.js").answer,
  current: typeof import("../../stats_service/web/embed/src/page.js").current,
  options: typeof import("../../stats_service/web/embed/src/page.js").options,
  script: typeof import("../../stats_service/web/embed/src/page.js").script,
  resolve: typeof import("../../stats_service/web/embed/src/page.js").resolve,
  start: typeof import("../../stats_service/web/embed/src/view.js").start,
  view: typeof import("../../stats_service/web/embed/src/view.js").view,
  fetchPart: typeof import("../../stats_service/web/embed/src/parts.js").fetchPart,
  voter: typeof import("../../stats_service/web/embed/src/storage.js").voter,
  Widget: typeof import("../../stats_service/web/embed/src/widgets.js").Widget,
];

interface Document {
  prerendering?: boolean;
}

interface HTMLScriptElement {
  core?: StatsCore;
}

/** The script element of a part that the core has fetched. */
type StatsScript = HTMLScriptElement & { core: StatsCore };

interface SVGScriptElement {
  core?: StatsCore;
  dataset: DOMStringMap;
  src: string;
}

interface TrustedPolicy {
  createScriptURL(path: string): string;
}

interface Window {
  stats?: { view?(article?: string): void; action?(name: string): void };
  trustedTypes?: { createPolicy(name: string, rules: TrustedPolicy): TrustedPolicy };
  uPlot: any;
}

declare const uPlot: any;
declare const trustedTypes: Window["trustedTypes"];
