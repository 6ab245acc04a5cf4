// What runs first: the words in the right language, then the viewer.
import { learn } from "./language.js";

await learn();
await import("./app.js");
try { sessionStorage.removeItem("holdfast.again"); } catch { /* a browser that keeps nothing */ } // it came whole; see again.js
