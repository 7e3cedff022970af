// A real OpenID provider on loopback for the tests of signing in: `node server.mjs CLIENT_ID SECRET`.
// `POST /control/client` names the broker's address. It signs everybody in as the person whom `POST /control/person` named last, and makes new keys at `POST /control/keys`.
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Provider } from "oidc-provider";

const [clientId, secret] = process.argv.slice(2);
const people = new Map();
let person;
let publicUrl;
let issuer;
let provider;

function freshKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: randomUUID() };
}

function build() {
  const made = new Provider(issuer, {
    jwks: { keys: [freshKey()] },
    clients: [
      {
        client_id: clientId,
        client_secret: secret,
        redirect_uris: [`${publicUrl}/auth/callback/ministry`],
        post_logout_redirect_uris: [`${publicUrl}/auth/signin`],
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "department", "employee_number", "groups", "organisation"] },
    conformIdTokenClaims: false,
    cookies: { keys: [randomUUID()] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(context) {
      const { client, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  made.on("server_error", (_context, error) => console.error(error));
  return made;
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString() || "{}");
}

const server = createServer(async (request, response) => {
  try {
    if (request.url === "/control/person") {
      const { sub, ...claims } = await bodyOf(request);
      people.set(sub, claims);
      person = sub;
      response.writeHead(204).end();
    } else if (request.url === "/control/client") {
      publicUrl = (await bodyOf(request)).public_url;
      provider = build();
      response.writeHead(204).end();
    } else if (request.url === "/control/keys") {
      provider = build();
      response.writeHead(204).end();
    } else if (request.url.startsWith("/interaction/")) {
      await provider.interactionFinished(request, response, { login: { accountId: person } });
    } else {
      provider.callback()(request, response);
    }
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});

server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(issuer);
});
