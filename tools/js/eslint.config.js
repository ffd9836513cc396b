// ESLint for every line of JavaScript that browsers get; run by `make lint`.
"use strict";

const js = require("@eslint/js");
const es = require("eslint-plugin-es-x");
const globals = require("globals");

const WEB = "stats_service/web";

/** Why a rule is another than recommended stands beside it. */
const RULES = {
  ...js.configs.recommended.rules,
  "array-callback-return": "error",
  "consistent-return": "off", // a guard clause returns nothing, and so does the end
  "no-constructor-return": "error",
  "no-empty": ["error", { allowEmptyCatch: true }], // what a browser refuses is done without
  "no-implicit-globals": "error",
  "no-promise-executor-return": "off", // `new Promise((done) => setTimeout(done, 50))` reads well
  "no-self-compare": "error",
  "no-shadow": "error",
  "no-template-curly-in-string": "error",
  "no-unreachable-loop": "error",
  "no-unused-expressions": "error",
  "no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_", caughtErrors: "none", ignoreRestSiblings: true, varsIgnorePattern: "^_$" }],
  "no-use-before-define": ["error", { functions: false, variables: false }], // modules import in circles
  "no-useless-assignment": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": ["error", { destructuring: "all" }],
  "prefer-template": "off", // `a + b` is shorter in the file that browsers get
};

/** What the language of 2018 has, and Chrome 61 or Safari 12 have not. */
const OLD_SYNTAX = {
  "es-x/no-async-iteration": "error",
  "es-x/no-regexp-lookbehind-assertions": "error",
  "es-x/no-regexp-named-capture-groups": "error",
  "es-x/no-regexp-s-flag": "error",
  "es-x/no-regexp-unicode-property-escapes": "error",
};

/** That, and what the libraries of language and page got later. */
const OLD_BROWSERS = {
  ...OLD_SYNTAX,
  ...es.configs["flat/restrict-to-es2018"].rules,
  "no-restricted-globals": [
    "error",
    { name: "AbortController", message: "Chrome has it from 66 on, Safari from 12.1." },
    { name: "queueMicrotask", message: "Chrome has it from 71 on." },
    { name: "structuredClone", message: "Chrome has it from 98 on." },
  ],
  "no-restricted-properties": [
    "error",
    { property: "replaceChildren", message: "Chrome has it from 86 on: use fill()." },
    { property: "toggleAttribute", message: "Chrome has it from 69 on." },
    { property: "finally", message: "Chrome has it from 63 on." },
  ],
};

module.exports = [
  {
    // Of others; a library of its own.
    ignores: ["**/vendor/**", "**/node_modules/**"],
  },
  {
    files: [`${WEB}/embed/src/**/*.js`],
    languageOptions: { ecmaVersion: 2018, sourceType: "module", globals: globals.browser },
    plugins: { "es-x": es },
    rules: { ...RULES, ...OLD_BROWSERS },
  },
  {
    // What portals load, as the build made it: whether an old browser can read it, and no more.
    files: [`${WEB}/embed/dist/*.js`],
    languageOptions: { ecmaVersion: 2018, sourceType: "script" },
    linterOptions: { reportUnusedDisableDirectives: "off" },
    plugins: { "es-x": es },
    rules: OLD_SYNTAX,
  },
  {
    files: [`${WEB}/admin/static/*.js`, `${WEB}/demo/static/*.js`, `${WEB}/hosted/*.js`],
    languageOptions: { ecmaVersion: 2022, sourceType: "script", globals: { ...globals.browser, uPlot: "readonly" } },
    rules: { ...RULES, eqeqeq: ["error", "always", { null: "ignore" }], strict: ["error", "global"] },
  },
];
