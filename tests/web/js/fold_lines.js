// Folds the JSON list of texts on standard input, for test_fold_in_browser.py.

import { text } from "node:stream/consumers";
import { fold } from "../../../web/assets/js/fold.js";

process.stdout.write(JSON.stringify(JSON.parse(await text(process.stdin)).map(fold)));
