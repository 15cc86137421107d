// What is known of speaking and hearing before anything of it is loaded.

// The keys that hold a button.
export const HOLDING = [" ", "Enter"];

// Of this tab: after a reload it goes on with the answer that it was reading.
export const RUN = "spoken-run";
// Of this browser.
export const WISH = "answers-aloud";
