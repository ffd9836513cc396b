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

module.exports = [
  {
    // Of others; a library of its own.
    ignores: ["**/vendor/**", "**/node_modules/**"],
  },
  {
    files: [`${WEB}/embed/src/**/*.js`],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.browser },
    rules: RULES,
  },
  {
    files: [`${WEB}/admin/static/*.js`, `${WEB}/demo/static/*.js`],
    languageOptions: { ecmaVersion: 2022, sourceType: "script", globals: { ...globals.browser, uPlot: "readonly" } },
    rules: { ...RULES, eqeqeq: ["error", "always", { null: "ignore" }], strict: ["error", "global"] },
  },
];
