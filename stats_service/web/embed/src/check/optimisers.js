/** Plug-ins and proxies that hold scripts back, join them or put them off, by the marks that they leave. */

const HINTS = {
  "Cloudflare Rocket Loader": 'script[data-cf-settings],script[type$="-text/javascript"]',
  "WP Rocket": "script[type=rocketlazyloadscript],script[data-rocket-type]",
  "LiteSpeed Cache": 'script[type="litespeed/javascript"],script[data-optimized]',
  Autoptimize: 'script[src*="/autoptimize/"],script[src*="autoptimize_"]',
  Perfmatters: "script[type=pmdelayedscript]",
  FlyingPress: "script[data-loading-method]",
  "SiteGround Optimizer": 'script[src*="siteground-optimizer"]',
  NitroPack: 'script[type="nitropack/inlinescript"],script[nitro-exclude]',
};

/** Their names. */
export const optimisers = () =>
  Object.getOwnPropertyNames(HINTS).filter((name) => document.querySelector(HINTS[name]));
