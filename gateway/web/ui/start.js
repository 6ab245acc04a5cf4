// What runs first: the words in the right language, then the viewer.
import { learn } from "./language.js";

await learn();
await import("./app.js");
