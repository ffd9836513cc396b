/** What the widgets of polls and ratings have in common. */

import { Widget } from "./core.js";

/** A widget that lets the page's numbers go first: drawing it takes longer than all of them. */
export class LateWidget extends Widget {
  renew() {
    setTimeout(() => this.isConnected && this.show());
  }
}
