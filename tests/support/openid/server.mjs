// A real OpenID provider for tests. What it says is in one JSON that tests change while it runs (POST /control):
// clients, accounts (claims by login name), the algorithm and the ids of its keys, and whether it answers at all.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const keys = new Map();
function key(id, alg) {
  if (!keys.has(id)) {
    const pair = alg === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : alg === "EdDSA" ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
    keys.set(id, { ...pair.privateKey.export({ format: "jwk" }), kid: id, use: "sig", alg });
  }
  return keys.get(id);
}

let state = { alg: "RS256", kids: ["first"], clients: [], accounts: {}, down: false };
let provider, handle, issuer;
const server = createServer((request, response) => {
  if (request.url === "/control") return control(request, response);
  if (state.down) { response.writeHead(503); return response.end("canary-of-the-provider"); }
  if (request.url.startsWith("/interaction/")) return interact(request, response);
  return handle(request, response);
});

function build() {
  const algs = ["RS256", "PS256", "ES256", "EdDSA"];
  provider = new Provider(issuer, {
    clients: state.clients,
    jwks: { keys: state.kids.map((id) => key(id, state.alg)) },
    enabledJWA: { idTokenSigningAlgValues: algs },
    clientDefaults: { id_token_signed_response_alg: state.alg },
    cookies: { keys: ["a-secret-for-tests"] },
    conformIdTokenClaims: false,
    acrValues: ["urn:x:low", "urn:x:high"],
    claims: { openid: ["sub", "acr", "amr"], email: ["email", "email_verified"],
              profile: ["name", "department", "groups", "realm_access", "resource_access", "roles", "oid"] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true, defaultResource: () => "urn:ki-pforte", useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: "", audience: "ki-pforte", accessTokenFormat: "jwt",
                                        jwt: { sign: { alg: state.alg } } }) },
    },
    extraTokenClaims: (_, token) => state.accounts[token.accountId],
    // The gateway is on this machine, which the provider would not speak to by itself.
    fetch: (url, options) => globalThis.fetch(url, { ...options, dispatcher: undefined }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...state.accounts[id] }) }),
    async loadExistingGrant(context) {
      const { client, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
    ttl: { AccessToken: 300, IdToken: 300, Grant: 600, Interaction: 600, Session: 3600 },
  });
  handle = provider.callback();
}

async function read(request) {
  let body = "";
  for await (const piece of request) body += piece;
  return body;
}

async function control(request, response) {
  Object.assign(state, JSON.parse(await read(request)));
  build();
  response.end("{}");
}

async function interact(request, response) {
  if (request.method !== "POST") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    return response.end(`<!doctype html><html lang="de"><title>Anmeldedienst</title><form method="post">
      <input name="login" id="login"><label><input type="checkbox" name="factor" id="factor"> Zweiter Faktor</label>
      <button id="go">Anmelden</button></form>
      <form method="post"><input type="hidden" name="cancel" value="1"><button id="cancel">Abbrechen</button></form>`);
  }
  const form = new URLSearchParams(await read(request));
  const result = form.get("cancel") ? { error: "access_denied", error_description: "canary-of-the-provider" }
    : { login: { accountId: form.get("login"), acr: form.get("factor") ? "urn:x:high" : "urn:x:low",
                 amr: form.get("factor") ? ["pwd", "otp"] : ["pwd"] } };
  try {
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } catch (error) {
    response.writeHead(400);
    response.end(error.name);
  }
}

console.warn = console.info = () => {};
server.listen(0, "127.0.0.1", () => {
  issuer = `http://localhost:${server.address().port}`;
  build();
  console.log(issuer);
});
process.stdin.on("end", () => process.exit(0)).resume();
