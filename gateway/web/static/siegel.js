// The two trustees' side of a sealed identity, in their own browsers: the same format as audit/sealing.py, pieces.py and
// trustee.py (docs/re-identifikation.md describes it), with WebCrypto. Nothing here talks to anybody: pieces come in as
// text and go out as text, and a private key leaves this file only as a file encrypted under a password.

const utf8 = new TextEncoder(), strict = new TextDecoder("utf-8", {fatal: true});
const KEY = "SCHLUESSEL", ORDER = "AUFTRAG", ENVELOPE = "UMSCHLAG", ANSWER = "ANTWORT";
const COST = 1 << 16, MOST_COST = 1 << 20, LONGEST = 65536;
export const LEAST_PASSWORD = 12;

/** Something is not what the format says, or does not open; the message is for people. */
export class SealError extends Error {}

// ---- bytes and text ---------------------------------------------------------------------------------------------

export const hex = bytes => Array.from(bytes, one => one.toString(16).padStart(2, "0")).join("");

function joined(...pieces) {
  const all = new Uint8Array(pieces.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of pieces) { all.set(one, at); at += one.length; }
  return all;
}

export function b64(bytes) {
  let text = "";
  for (const one of bytes) text += String.fromCharCode(one);
  return btoa(text);
}

export function unb64(text) {
  try {
    const bytes = Uint8Array.from(atob(text), one => one.charCodeAt(0));
    if (b64(bytes) === text) return bytes;
  } catch { /* told below */ }
  throw new SealError("Dieses Stück ist beschädigt.");
}

/** One value, one spelling: keys sorted, no spaces, strings and whole numbers only. */
export function canonical(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (Number.isSafeInteger(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && Object.getPrototypeOf(value) === Object.prototype) {
    return `{${Object.keys(value).sort().map(key => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  throw new SealError("Dieses Stück ist beschädigt.");
}

function read(bytes) {
  let value, text;
  try { text = strict.decode(bytes); value = JSON.parse(text); } catch { throw new SealError("Dieses Stück ist beschädigt."); }
  if (canonical(value) !== text) throw new SealError("Dieses Stück ist beschädigt.");
  return value;
}

export function armor(kind, value) {
  const lines = b64(utf8.encode(canonical(value))).match(/.{1,64}/g);
  return [`-----BEGIN KI-PFORTE ${kind}-----`, ...lines, `-----END KI-PFORTE ${kind}-----`, ""].join("\n");
}

export function unarmor(text) {
  const frame = /-----BEGIN KI-PFORTE ([A-Z]+)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END KI-PFORTE \1-----/g;
  const found = text.length <= LONGEST ? [...text.matchAll(frame)] : [];
  if (found.length !== 1) throw new SealError("Hier fehlt der Text zwischen „BEGIN KI-PFORTE“ und „END KI-PFORTE“.");
  const value = read(unb64(found[0][2].replace(/\s/g, "")));
  if (value.v !== 1) throw new SealError("Dieses Stück hat eine unbekannte Fassung.");
  return [found[0][1], value];
}

// ---- keys -------------------------------------------------------------------------------------------------------

const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const hashOf = async value => hex(await sha256(utf8.encode(canonical(value))));

/** A public key and whose it is. */
async function publicKey(role, raw) {
  const digest = hex(await sha256(joined(utf8.encode(`kipforte/trustee/v1\0${role}\0`), raw)));
  const id = digest.slice(0, 16);
  return {role, raw, id, text: `KI-PFORTE+${role}+${id}+${b64(raw)}`,
          fingerprint: digest.slice(0, 32).match(/.{4}/g).join(" ")};
}

async function parsePublic(text) {
  const parts = text.split("+"), [house, role, id] = parts;
  const key = parts.length > 3 ? await publicKey(role, unb64(parts.slice(3).join("+"))) : null;
  if (house !== "KI-PFORTE" || !key || key.id !== id || key.raw.length !== 32) {
    throw new SealError("Das ist kein öffentlicher Schlüssel der KI-Pforte.");
  }
  return key;
}

const PKCS8 = Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20]);
const importPrivate = (raw, extractable) => crypto.subtle.importKey(
  "pkcs8", joined(PKCS8, raw), {name: "X25519"}, extractable, ["deriveBits"]);

/** A private key that nobody can read out of this browser again, with its public part. */
async function privateKey(role, raw) {
  const readable = await crypto.subtle.exportKey("jwk", await importPrivate(raw, true));
  const pub = readable.x.replace(/-/g, "+").replace(/_/g, "/");
  return {...await publicKey(role, unb64(pub + "=".repeat((4 - pub.length % 4) % 4))),
          secret: await importPrivate(raw, false)};
}

/** Make a key pair; return the public part, and the key file encrypted under the password. */
export async function newKey(role, password) {
  if (password.length < LEAST_PASSWORD) throw new SealError(`Bitte wählen Sie ein Kennwort mit mindestens ${LEAST_PASSWORD} Zeichen.`);
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const key = await privateKey(role, raw);
  const head = {cost: COST, public: key.text, role, v: 1};
  const salt = crypto.getRandomValues(new Uint8Array(16)), nonce = crypto.getRandomValues(new Uint8Array(12));
  const lock = await aes(await scrypt(utf8.encode(password), salt, COST));
  const sealed = await crypto.subtle.encrypt({name: "AES-GCM", iv: nonce, additionalData: utf8.encode(canonical(head))}, lock, raw);
  raw.fill(0);
  return {key, file: armor(KEY, {...head, salt: b64(salt), secret: b64(joined(nonce, new Uint8Array(sealed)))})};
}

/** Open a key file with its password. */
export async function openKey(text, password) {
  const [kind, value] = unarmor(text), cost = value.cost;
  if (kind !== KEY || !Number.isInteger(cost) || cost < 2 || cost > MOST_COST || cost & (cost - 1)) {
    throw new SealError("Das ist keine Schlüsseldatei der KI-Pforte.");
  }
  const {public: text_, role, v} = value, raw = unb64(String(value.secret));
  const lock = await aes(await scrypt(utf8.encode(password), unb64(String(value.salt)), cost));
  let plain;
  try {
    plain = new Uint8Array(await crypto.subtle.decrypt({name: "AES-GCM", iv: raw.slice(0, 12),
      additionalData: utf8.encode(canonical({cost, public: text_, role, v}))}, lock, raw.slice(12)));
  } catch { throw new SealError("Das Kennwort stimmt nicht, oder die Schlüsseldatei ist beschädigt."); }
  const key = await privateKey(role, plain);
  plain.fill(0);
  return key;
}

const aes = raw => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

// ---- boxes ------------------------------------------------------------------------------------------------------

async function derive(secret, other, salt, info) {
  const theirs = await crypto.subtle.importKey("raw", other, {name: "X25519"}, false, []);
  const shared = await crypto.subtle.deriveBits({name: "X25519", public: theirs}, secret, 256);
  const source = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({name: "HKDF", hash: "SHA-256", salt, info: utf8.encode(info)}, source, 44 * 8);
  return [new Uint8Array(bits, 0, 32), new Uint8Array(bits, 32, 12)];
}

const aboutBox = (key, about) => utf8.encode(canonical({about, for: key.role, key: key.id, v: 1}));

async function seal(key, about, plain) {
  const fresh = await crypto.subtle.generateKey({name: "X25519"}, false, ["deriveBits"]);
  const own = new Uint8Array(await crypto.subtle.exportKey("raw", fresh.publicKey));
  const [secret, iv] = await derive(fresh.privateKey, key.raw, joined(own, key.raw), "kipforte/seal/v1");
  const sealed = await crypto.subtle.encrypt({name: "AES-GCM", iv, additionalData: aboutBox(key, about)}, await aes(secret), plain);
  return {box: b64(joined(own, new Uint8Array(sealed))), for: key.role, key: key.id};
}

async function unseal(key, about, box) {
  try {
    if (box.for !== key.role || box.key !== key.id) throw new SealError("another key");
    const raw = unb64(box.box), own = raw.slice(0, 32);
    const [secret, iv] = await derive(key.secret, own, joined(own, key.raw), "kipforte/seal/v1");
    return new Uint8Array(await crypto.subtle.decrypt({name: "AES-GCM", iv, additionalData: aboutBox(key, about)},
                                                      await aes(secret), raw.slice(32)));
  } catch {
    throw new SealError("Dieses Siegel lässt sich mit Ihrem Schlüssel nicht öffnen. Es ist für einen anderen Schlüssel bestimmt oder verändert worden.");
  }
}

/** What only the holders of these two private keys can compute over this text. */
async function proof(key, other, text) {
  const salt = hex(key.raw) < hex(other.raw) ? joined(key.raw, other.raw) : joined(other.raw, key.raw);
  const [secret] = await derive(key.secret, other.raw, salt, "kipforte/proof/v1");
  const hmac = await crypto.subtle.importKey("raw", secret, {name: "HMAC", hash: "SHA-256"}, false, ["sign"]);
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", hmac, utf8.encode(text))));
}

// ---- pieces -----------------------------------------------------------------------------------------------------

/** What a piece asks for, so that a person can compare it with what they agreed to. */
export function orderOf(text) {
  const [kind, {order}] = unarmor(text);
  const names = ["case", "epoch", "pseudonym", "reason", "request", "return", "sealed"];
  if (!order || canonical(Object.keys(order).sort()) !== canonical(names) || Object.values(order).some(one => typeof one !== "string")) {
    throw new SealError("Dieses Stück sagt nicht, worum es geht.");
  }
  return {kind, order};
}

const identity = order => ({epoch: order.epoch, pseudonym: order.pseudonym, what: "identity"});

/** Open the layer that this key is for; return the next piece. */
export async function openPiece(text, key) {
  const {kind, order} = orderOf(text), [, value] = unarmor(text), house = await parsePublic(order.return);
  if (house.role !== "haus") throw new SealError("Die Antwort ist nicht für das Haus bestimmt.");
  if (key.role === "dpo" && kind === ORDER) return outer(order, value, key, house);
  if (key.role !== "dpo" && kind === ENVELOPE) return inner(order, value, key, house);
  throw new SealError("Mit diesem Schlüssel wird diese Hülle nicht geöffnet. Er gehört zu einer anderen Rolle.");
}

async function outer(order, value, key, house) {
  if (await hashOf(value.sealed) !== order.sealed) throw new SealError("Das Siegel ist nicht das, was der Antrag nennt.");
  const boxes = read(await unseal(key, identity(order), value.sealed));
  const said = canonical({inner: await hashOf(boxes), order, step: "aussen"});
  return armor(ENVELOPE, {boxes, opened: [{by: key.id, proof: await proof(key, house, said)}], order, v: 1});
}

async function inner(order, value, key, house) {
  const box = value.boxes.find(one => one.key === key.id);
  if (!box || value.opened.length !== 1) throw new SealError("In diesem Stück ist nichts für diesen Schlüssel versiegelt.");
  const subject = await unseal(key, identity(order), box);
  const answer = await seal(house, {...identity(order), request: order.request, what: "answer"}, subject);
  subject.fill(0);
  const hash = await hashOf(value.boxes), said = canonical({answer, inner: hash, order, step: "innen"});
  return armor(ANSWER, {answer, inner: hash, opened: [value.opened[0], {by: key.id, proof: await proof(key, house, said)}], order, v: 1});
}

// ---- scrypt (RFC 7914, r = 8, p = 1): browsers have no password hash that needs memory -----------------------------

async function scrypt(password, salt, n) {
  const source = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const stretch = async (with_, bytes) => crypto.subtle.deriveBits({name: "PBKDF2", hash: "SHA-256", salt: with_, iterations: 1}, source, bytes * 8);
  const x = new Int32Array(await stretch(salt, 1024)), y = new Int32Array(256), v = new Int32Array(n * 256);
  for (let i = 0; i < n; i++) { v.set(x, i * 256); mix(x, y); if (i % 8192 === 0) await breath(); }
  for (let i = 0; i < n; i++) {
    const at = (x[240] & (n - 1)) * 256;
    for (let k = 0; k < 256; k++) x[k] ^= v[at + k];
    mix(x, y);
    if (i % 8192 === 0) await breath();
  }
  return new Uint8Array(await stretch(new Uint8Array(x.buffer), 32));
}

const breath = () => new Promise(done => setTimeout(done)); // the page stays alive meanwhile

const LAST = new Int32Array(16);

function mix(x, y) {
  const b = LAST;
  b.set(x.subarray(240));
  for (let i = 0; i < 16; i++) {
    for (let k = 0; k < 16; k++) b[k] ^= x[i * 16 + k];
    salsa(b);
    y.set(b, (i & 1 ? 8 + (i >> 1) : i >> 1) * 16);
  }
  x.set(y);
}

function salsa(z) { // Salsa20/8, spelt out: a loop over a table takes five times as long
  let t, a = z[0], b = z[1], c = z[2], d = z[3], e = z[4], f = z[5], g = z[6], h = z[7], i = z[8], j = z[9], k = z[10], l = z[11], m = z[12], n = z[13], o = z[14], p = z[15];
  for (let round = 0; round < 4; round++) {
    t = a + m | 0; e ^= t << 7 | t >>> 25; t = e + a | 0; i ^= t << 9 | t >>> 23; t = i + e | 0; m ^= t << 13 | t >>> 19; t = m + i | 0; a ^= t << 18 | t >>> 14;
    t = f + b | 0; j ^= t << 7 | t >>> 25; t = j + f | 0; n ^= t << 9 | t >>> 23; t = n + j | 0; b ^= t << 13 | t >>> 19; t = b + n | 0; f ^= t << 18 | t >>> 14;
    t = k + g | 0; o ^= t << 7 | t >>> 25; t = o + k | 0; c ^= t << 9 | t >>> 23; t = c + o | 0; g ^= t << 13 | t >>> 19; t = g + c | 0; k ^= t << 18 | t >>> 14;
    t = p + l | 0; d ^= t << 7 | t >>> 25; t = d + p | 0; h ^= t << 9 | t >>> 23; t = h + d | 0; l ^= t << 13 | t >>> 19; t = l + h | 0; p ^= t << 18 | t >>> 14;
    t = a + d | 0; b ^= t << 7 | t >>> 25; t = b + a | 0; c ^= t << 9 | t >>> 23; t = c + b | 0; d ^= t << 13 | t >>> 19; t = d + c | 0; a ^= t << 18 | t >>> 14;
    t = f + e | 0; g ^= t << 7 | t >>> 25; t = g + f | 0; h ^= t << 9 | t >>> 23; t = h + g | 0; e ^= t << 13 | t >>> 19; t = e + h | 0; f ^= t << 18 | t >>> 14;
    t = k + j | 0; l ^= t << 7 | t >>> 25; t = l + k | 0; i ^= t << 9 | t >>> 23; t = i + l | 0; j ^= t << 13 | t >>> 19; t = j + i | 0; k ^= t << 18 | t >>> 14;
    t = p + o | 0; m ^= t << 7 | t >>> 25; t = m + p | 0; n ^= t << 9 | t >>> 23; t = n + m | 0; o ^= t << 13 | t >>> 19; t = o + n | 0; p ^= t << 18 | t >>> 14;
  }
  z[0] += a; z[1] += b; z[2] += c; z[3] += d; z[4] += e; z[5] += f; z[6] += g; z[7] += h;
  z[8] += i; z[9] += j; z[10] += k; z[11] += l; z[12] += m; z[13] += n; z[14] += o; z[15] += p;
}
