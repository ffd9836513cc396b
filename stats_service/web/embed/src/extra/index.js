/** The file for few pages: those that stand in a frame, and those that somebody checks. */

import { check } from "../check/index.js";
import { isCore, options } from "./core.js";
import { waitUntilSeen } from "./frame.js";

// The check may be asked for later, of a page in a frame as well.
if (isCore && top != window && options.site && !options.frame) waitUntilSeen();
if (!isCore || /^#stats-check/.test(location.hash)) check();
