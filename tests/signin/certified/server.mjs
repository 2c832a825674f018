// A certified OpenID provider for the tests: anybody signs in by writing their name.
//
// Run as `node server.mjs PORT`. POST /control {"clients": […], "publish": KEY, "sign": KEY} has it begin anew
// with these clients and keys, while all that it has issued stays; GET /control counts what it was asked.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const keys = new Map();
const asked = {};
const state = { clients: [], publish: "first", sign: "first" };
let signing;
let publishing;

function key(name) {
  if (!keys.has(name)) {
    const made = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
    keys.set(name, { ...made, kid: name, use: "sig", alg: "RS256" });
  }
  return keys.get(name);
}

function provider(name) {
  const made = new Provider(issuer, {
    clients: state.clients,
    jwks: { keys: [key(name)] },
    cookies: { keys: ["cookies of the tests"] },
    claims: { openid: ["sub"], email: ["email"], profile: ["preferred_username"] },
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      revocation: { enabled: true },
    },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@lindqvist.example`, preferred_username: id }),
    }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { methods: ["S256"], required: () => true },
    rotateRefreshToken: true,
    ttl: { AccessToken: 30, IdToken: 300, Interaction: 300, Session: 3600, Grant: 3600, RefreshToken: 3600 },
  });
  made.on("server_error", (_ctx, error) => console.error(error));
  made.on("backchannel.error", (_ctx, error) => console.error(error));
  return made;
}

function begin() {
  signing = provider(state.sign);
  publishing = state.publish === state.sign ? signing : provider(state.publish);
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

function tell(response, content, type = "application/json") {
  response.writeHead(200, { "Content-Type": type });
  response.end(content);
}

async function control(request, response) {
  if (request.method === "POST") {
    Object.assign(state, JSON.parse(await body(request)));
    begin();
  }
  tell(response, JSON.stringify(asked));
}

// One page for both questions: who are you, and may the client know?
async function interact(request, response) {
  const { session, params, prompt } = await signing.interactionDetails(request, response);
  if (request.method === "GET") {
    tell(response, '<form method="post"><input name="login"></form>', "text/html");
    return;
  }
  const accountId = session?.accountId ?? new URLSearchParams(await body(request)).get("login");
  const grant = new signing.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  if (prompt.name === "consent") delete result.login;
  await signing.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

createServer((request, response) => {
  const { pathname } = new URL(request.url, issuer);
  asked[pathname] = (asked[pathname] ?? 0) + 1;
  if (pathname === "/control") return control(request, response);
  if (pathname.startsWith("/interaction/")) return interact(request, response);
  return (pathname === "/jwks" ? publishing : signing).callback()(request, response);
}).listen(port, "127.0.0.1");
begin();
