// What the pages of re-identification do with siegel.js: read a key from a file, open a piece, put the result into the
// form. A key is held in memory; only if the person wants it, the browser keeps it in a form that nobody can read out.
// Nothing is fetched or sent here: the form goes the way every form goes, with the fields that have a name.

import {SealError, LEAST_PASSWORD, newKey, openKey, openPiece, orderOf} from "./siegel.js";

const part = (form, name) => form.querySelector(`[data-${name}]`);
const show = (element, there) => { if (element) element.hidden = !there; };

function say(form, name, text) {
  const place = part(form, name);
  place.textContent = text;
  if (name === "problem" && text) place.focus();
}

/** Whether this browser can do it: it needs a secure address and X25519. */
async function able() {
  try {
    await crypto.subtle.generateKey({name: "X25519"}, false, ["deriveBits"]);
    return true;
  } catch { return false; }
}

// ---- keys that the person let this browser keep --------------------------------------------------------------------

const base = () => new Promise((done, failed) => {
  const request = indexedDB.open("ki-pforte", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("schluessel", {keyPath: "role"});
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

async function kept(what, ...values) {
  const opened = await base();
  try {
    return await new Promise((done, failed) => {
      const request = opened.transaction("schluessel", what === "get" ? "readonly" : "readwrite").objectStore("schluessel")[what](...values);
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
  } finally { opened.close(); }
}

// ---- opening a layer -----------------------------------------------------------------------------------------------

async function keyOf(form, role) {
  const remembered = await kept("get", role);
  if (remembered) return remembered;
  const file = part(form, "datei").files[0], text = file ? await file.text() : part(form, "text").value;
  if (!text.trim()) throw new SealError("Bitte wählen Sie Ihre Schlüsseldatei.");
  const key = await openKey(text, part(form, "kennwort").value);
  if (part(form, "merken").checked) await kept("put", key);
  return key;
}

/** The piece must ask for what this page shows, and so for what the person read. */
function compare(piece) {
  const {order} = orderOf(piece), shown = document.querySelector("[data-auftrag]").dataset;
  if (order.request !== shown.antrag || order.pseudonym !== shown.pseudonym || order.case !== shown.fall || order.reason !== shown.grund) {
    throw new SealError("Das Stück nennt etwas anderes als diese Seite. Bitte öffnen Sie nichts und sagen Sie der anderen Seite Bescheid.");
  }
}

async function open(form) {
  const piece = part(form, "stueck").value;
  compare(piece);
  say(form, "stand", "Ihr Schlüssel wird geöffnet. Das dauert einige Sekunden.");
  const result = await openPiece(piece, await keyOf(form, form.dataset.rolle));
  say(form, "stand", "Die Hülle ist offen. Das Stück wird weitergegeben.");
  part(form, "ergebnis").value = result;
  form.submit();
}

async function prepareOpening(form) {
  const remembered = await kept("get", form.dataset.rolle);
  show(part(form, "gemerkt"), remembered);
  show(part(form, "neu"), !remembered);
  if (remembered) part(form, "fingerabdruck").textContent = remembered.fingerprint;
  part(form, "vergessen").addEventListener("click", async () => {
    await kept("delete", form.dataset.rolle);
    show(part(form, "gemerkt"), false);
    show(part(form, "neu"), true);
    part(form, "datei").focus();
  });
  form.addEventListener("submit", event => {
    event.preventDefault();
    const button = part(form, "oeffnen");
    if (!button.disabled) attempt(form, button, () => open(form));
  });
}

// ---- a new key -----------------------------------------------------------------------------------------------------

const NAMES = {dpo: "datenschutz.key", personalrat: "personalrat.key"};

async function create(form) {
  const password = part(form, "kennwort").value, role = form.dataset.rolle;
  if (password.length < LEAST_PASSWORD) throw new SealError(`Bitte wählen Sie ein Kennwort mit mindestens ${LEAST_PASSWORD} Zeichen.`);
  if (password !== part(form, "nochmal").value) throw new SealError("Die beiden Eingaben sind verschieden. Bitte geben Sie das Kennwort noch einmal ein.");
  say(form, "stand", "Der Schlüssel wird erzeugt. Das dauert einige Sekunden.");
  const {key, file} = await newKey(role, password);
  const link = Object.assign(document.createElement("a"), {
    href: URL.createObjectURL(new Blob([file], {type: "text/plain"})), download: NAMES[role]});
  link.click();
  URL.revokeObjectURL(link.href);
  say(form, "stand", "");
  part(form, "name").textContent = NAMES[role];
  part(form, "fingerabdruck").textContent = key.fingerprint;
  part(form, "ergebnis").value = key.text;
  part(form, "kennwort").value = part(form, "nochmal").value = "";
  show(part(form, "neu"), false);
  show(part(form, "fertig"), true);
  show(part(form, "abgabe"), true);
  part(form, "fertig").focus();
}

function prepareCreating(form) {
  show(part(form, "abgabe"), part(form, "ergebnis").value !== "");
  part(form, "erzeugen").addEventListener("click", event => attempt(form, event.currentTarget, () => create(form)));
  form.addEventListener("submit", event => { // Enter in a password field means the button beside it
    if (part(form, "abgabe").hidden) { event.preventDefault(); part(form, "erzeugen").click(); }
  });
}

// ---- both ----------------------------------------------------------------------------------------------------------

async function attempt(form, button, work) {
  button.disabled = true;
  say(form, "problem", "");
  try { await work(); }
  catch (error) {
    say(form, "stand", "");
    say(form, "problem", error instanceof SealError ? error.message
      : "Das ging in diesem Browser nicht. Bitte öffnen Sie das Stück am Terminal.");
  }
  button.disabled = false;
}

for (const form of document.querySelectorAll("[data-siegel]")) {
  if (!await able()) {
    part(form, "ohne").prepend(Object.assign(document.createElement("p"), {
      textContent: "Dieser Browser kann das Siegel nicht selbst öffnen. Er braucht eine Adresse mit https und eine aktuelle Version."}));
    continue;
  }
  if (form.dataset.siegel === "neu") prepareCreating(form); else await prepareOpening(form);
  show(part(form, "mit"), true);
  show(part(form, "ohne"), false);
}
