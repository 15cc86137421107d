// All that hears and speaks, in one piece for `speech.js`.
export { ReadingAloud } from "./read-aloud.js";
export { SpokenAnswer } from "./spoken.js";
export { Talking } from "./talking.js";
