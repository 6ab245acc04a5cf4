// What people read on their own page, when they set up a second factor, and when they accept an invitation. Fetched with these pages.
import { number, spoken } from "./language.js";

export const meWords = spoken("me", {
  parts: { "": "You", access: "Signing in", tokens: "Tokens", held: "Held about you", log: "What you did" },
  // you
  names: "Names", display: "Name", displayNote: "What colleagues call you. May be empty.", username: "You sign in as", usernameNote: "Small letters and digits.", saveNames: "Save", saved: "Saved.",
  may: "What you may do", mayNote: "Whoever looks after people here grants and takes this.", nothing: "Nothing yet.", since: "Account made", last: "Last signed in", passwordOf: "Password of", phone: "Signed in on a phone you do not know? End its session under Signing in, and change the password.",
  // password
  password: "Password", old: "Your password", fresh: "New password", changePassword: "Change the password", changed: "Changed. Your other sessions have ended.", passwordRules: "At least 12 characters, and none of the passwords that are known from leaks. A few words that you remember are better than a short riddle.",
  tooShort: (/** @type {number} */ n) => n === 1 ? "1 character more" : `${n} characters more`, longEnough: "Long enough. Whether it is known from leaks, or easy to guess, is checked when you save it.",
  // second factor
  factor: "Second factor", factorOn: "Set up", factorOff: "Not set up", factorText: "A code of an authenticator app is asked for beside your password. Whoever learns your password still cannot get in.", setUp: "Set up", setUpTitle: "Set up a second factor", setUpPassword: "Your password first, so that nobody else does this in your name.",
  scan: "Scan this with your authenticator app", scanText: "Any app for one-time codes will do. This picture and the key below it are shown only now.", key: "Or type this key", qr: "QR code for an authenticator app", codeNow: "Code", codeNowNote: "Six digits that the app shows now.", confirm: "Confirm",
  codes: "Recovery codes", codesText: "Each lets you in once, should the authenticator be lost. They are shown only now. Keep them where a thief of your phone does not find them.", print: "Print", haveThem: "I have kept them", codesLeft: (/** @type {number} */ n) => n === 0 ? "No recovery codes left" : n === 1 ? "1 recovery code left" : `${n} recovery codes left`, codesFew: "Make new ones before they are used up.",
  wrongCodes: (/** @type {number} */ n) => n === 1 ? "1 wrong code since you last signed in" : `${n} wrong codes since you last signed in`, wrongText: "Whoever tried has your password. If it was not you, change it now.", newCodes: "Make new recovery codes", newCodesTitle: "Make new recovery codes?", newCodesText: "The codes of before stop working.", drop: "Remove", dropTitle: "Remove your second factor?", dropText: "From then on your password alone signs you in.", code: "Code", codeNote: "Of your authenticator, or a recovery code.",
  enrolTitle: "This site asks for a second factor", enrolText: "Before you go on, set up an authenticator app. It takes a minute, and your phone.", begin: "Begin", printed: (/** @type {string} */ site, /** @type {string} */ user) => `Recovery codes of ${user} for ${site}`,
  // sessions, networks
  sessions: "Where you are signed in", own: "This one", end: "End", networks: "Networks that you sign in from", networksText: "Somebody who guesses at your password elsewhere does not lock you out on these.", noNetworks: "None yet.", forgetNetworks: "Forget them", forgotten: "Forgotten.",
  // tokens
  tokens: "API tokens", tokensText: "A token lets a program act for you, with no more than you may do yourself.", noTokens: "No tokens", noTokensText: "Make one for a script or another program. It has a scope and an end.", makeToken: "Make a token", tokenName: "What it is for", tokenNameNote: "Such as Alarm panel.", tokenUntil: "Good until", tokenPermissions: "It may", makeTitle: "Make an API token", tokenSecret: "The token", tokenSecretNote: "It is shown only now. A program sends it as Authorization: Bearer, and never in an address.", revoke: "Revoke", used: (/** @type {string} */ t) => `last used ${t}`, neverUsed: "never used", done: "Done",
  // held
  heldText: "All that this gateway keeps about you, where, why, and for how long. Footage that you are on is another matter: whoever answers for privacy here finds it for you.", heldColumns: ["What", "Where", "Why", "Until"], export: "Download all of it", exportNote: "One JSON file.", entries: (/** @type {number} */ n) => n === 1 ? "1 entry of the audit log is of you." : `${number(n)} entries of the audit log are of you.`, showLog: "Show them",
  cancel: "Cancel the account", cancelTitle: "Cancel your account?", cancelText: "Your account, its sessions and its tokens go. The audit log keeps what was done with it. This cannot be undone.", cancelNote: "You are signed out at once. To be forgotten in the audit log too, ask whoever looks after people here.",
  logText: "The audit log, as far as it is of you.", noLog: "Nothing yet", more: "Show more",
  // joining
  joinTitle: (/** @type {string} */ name) => `Welcome, ${name}`, joinText: (/** @type {string} */ user) => `You sign in as ${user}. Choose a password.`, joinFailed: "This invitation does not work", joinFailedText: "It has been used, is too old, or was replaced by a newer one. Ask whoever invited you for another.", joinWhere: "Open the link that you were given.", join: "Go on", toSignIn: "Sign in", looking: "Reading the invitation…", newPassword: "Password",
});
