// Relying parties on openid-client, driven from outside. A party keeps between its steps what a portal keeps: its
// configuration, keys, and what it asked.

import { request } from "node:https";
import * as jose from "jose";
import * as oidc from "openid-client";
import { driven } from "./driven.mjs";

const onLoopback = [oidc.allowInsecureRequests]; // http; in a deployment it is https

// What is asked over https goes by Node's own TLS, which can show a certificate. Its names stand in no DNS: all are here.
function fetchWith(tls) {
  const lookup = (name, options, found) => found(null, [{ address: "127.0.0.1", family: 4 }]);
  const ask = (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const asked = request(url, { ...tls, lookup, method, headers }, async (answer) => {
        const { statusCode: status, headers } = answer;
        resolve(new Response(Buffer.concat(await answer.toArray()), { status, headers }));
      });
      asked.on("error", reject).end(body?.toString());
    });
  return (url, options) => (url.startsWith("https:") ? ask(url, options) : fetch(url, options));
}

class Party {
  async keys({ alg }) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    this.key = { key: privateKey, kid: alg.toLowerCase() };
    return { keys: [{ ...(await jose.exportJWK(publicKey)), kid: this.key.kid, use: "sig" }] };
  }

  // A key to be encrypted to, beside those that sign: what comes encrypted is decrypted from now on.
  async encryption_key({ alg }) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    this.decryption = { key: privateKey, alg, kid: "enc" };
    return { ...(await jose.exportJWK(publicKey)), kid: "enc", alg, use: "enc" };
  }

  // DPoP: every token from now on is bound to a key of this party's.
  async bind({ alg }) {
    this.options = { DPoP: oidc.getDPoPHandle(this.config, await oidc.randomDPoPKeyPair(alg)) };
  }

  authentication(method, secret) {
    const made = {
      client_secret_basic: () => oidc.ClientSecretBasic(secret),
      client_secret_post: () => oidc.ClientSecretPost(secret),
      client_secret_jwt: () => oidc.ClientSecretJwt(secret),
      private_key_jwt: () => oidc.PrivateKeyJwt(this.key),
      tls_client_auth: () => oidc.TlsClientAuth(),
      self_signed_tls_client_auth: () => oidc.TlsClientAuth(),
      none: () => oidc.None(),
    };
    return made[method]();
  }

  async register({ issuer, metadata, token }) {
    const authentication = this.authentication(metadata.token_endpoint_auth_method ?? "client_secret_basic");
    const options = { initialAccessToken: token, execute: onLoopback };
    this.ready(await oidc.dynamicClientRegistration(new URL(issuer), metadata, authentication, options));
    return this.config.clientMetadata();
  }

  async discover({ issuer, client_id, secret, method = "client_secret_basic", metadata = {} }) {
    const authentication = this.authentication(method, secret);
    const options = { execute: onLoopback };
    this.ready(await oidc.discovery(new URL(issuer), client_id, metadata, authentication, options));
    return this.config.serverMetadata();
  }

  // The certificate to show from now on, at the addresses of `mtls_endpoint_aliases`: those discovered, or those told.
  show({ tls, aliases }) {
    if (aliases) {
      const server = { ...this.config.serverMetadata(), mtls_endpoint_aliases: aliases };
      const { client_id, ...metadata } = this.config.clientMetadata();
      this.ready(new oidc.Configuration(server, client_id, metadata, oidc.TlsClientAuth()));
      oidc.allowInsecureRequests(this.config);
    }
    this.config[oidc.customFetch] = fetchWith(tls);
  }

  ready(config) {
    this.config = config;
    oidc.enableNonRepudiationChecks(config); // signatures of ID tokens too, though they came over our own connection
    if (this.decryption) oidc.enableDecryptingResponses(config, undefined, this.decryption);
  }

  // To the provider's key of that algorithm: RFC 9101 section 6.1.
  async encrypted(text, alg) {
    const { keys } = await (await fetch(this.config.serverMetadata().jwks_uri)).json();
    const key = keys.find((each) => each.use === "enc" && each.alg === alg);
    const header = { alg, enc: "A256GCM", kid: key.kid, cty: "JWT" };
    const content = new jose.CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader(header);
    return content.encrypt(await jose.importJWK(key, alg));
  }

  async begin({ parameters, signed = false, encrypted, pushed = false, jarm = false }) {
    if (jarm) oidc.useJwtResponseMode(this.config);
    this.asked = {
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
      expectedState: oidc.randomState(),
      expectedNonce: oidc.randomNonce(),
      idTokenExpected: true,
    };
    let told = {
      ...parameters,
      state: this.asked.expectedState,
      nonce: this.asked.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(this.asked.pkceCodeVerifier),
      code_challenge_method: "S256",
    };
    if (signed) {
      const url = await oidc.buildAuthorizationUrlWithJAR(this.config, told, this.key);
      const object = url.searchParams.get("request");
      if (encrypted) url.searchParams.set("request", await this.encrypted(object, encrypted));
      if (!pushed) return url.href;
      told = url.searchParams;
    }
    const build = pushed ? oidc.buildAuthorizationUrlWithPAR : oidc.buildAuthorizationUrl;
    return (await build(this.config, told, this.options)).href;
  }

  async finish({ url, form, more }) {
    const answer = form ? new Request(url, { method: "POST", body: new URLSearchParams(form) }) : new URL(url);
    const tokens = await oidc.authorizationCodeGrant(this.config, answer, this.asked, more, this.options);
    return { ...tokens, claims: tokens.claims() };
  }

  async refresh({ token }) {
    const tokens = await oidc.refreshTokenGrant(this.config, token, undefined, this.options);
    return { ...tokens, claims: tokens.claims() };
  }

  userinfo({ token, sub }) {
    return oidc.fetchUserInfo(this.config, token, sub, this.options);
  }

  client_credentials({ parameters }) {
    return oidc.clientCredentialsGrant(this.config, parameters, this.options);
  }

  device({ parameters }) {
    return oidc.initiateDeviceAuthorization(this.config, parameters);
  }

  // The citizen has answered: no need to wait before the first question.
  async device_tokens({ asked }) {
    const at_once = { ...asked, interval: 0.01 };
    const tokens = await oidc.pollDeviceAuthorizationGrant(this.config, at_once, undefined, this.options);
    return { ...tokens, claims: tokens.claims() };
  }

  ciba({ parameters }) {
    return oidc.initiateBackchannelAuthentication(this.config, parameters);
  }

  async ciba_tokens({ asked }) {
    const at_once = { ...asked, interval: 0.01 };
    const tokens = await oidc.pollBackchannelAuthenticationGrant(this.config, at_once, undefined, this.options);
    return { ...tokens, claims: tokens.claims() };
  }

  // The provider said when to come.
  async pinged_tokens({ auth_req_id }) {
    const parameters = { auth_req_id };
    const tokens = await oidc.genericGrantRequest(this.config, "urn:openid:params:grant-type:ciba", parameters);
    return { ...tokens, claims: tokens.claims() };
  }

  exchange({ parameters }) {
    const grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    return oidc.genericGrantRequest(this.config, grant, parameters, this.options);
  }

  introspect({ token }) {
    return oidc.tokenIntrospection(this.config, token);
  }

  async revoke({ token }) {
    await oidc.tokenRevocation(this.config, token);
  }

  leave({ parameters }) {
    return oidc.buildEndSessionUrl(this.config, parameters).href;
  }

  // What jose proves of a JWT of ours that openid-client itself is not given.
  async proved(token, rules) {
    const { issuer, jwks_uri } = this.config.serverMetadata();
    return (await jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(jwks_uri)), { issuer, ...rules })).payload;
  }

  logout_token({ token }) {
    const audience = this.config.clientMetadata().client_id;
    const requiredClaims = ["iat", "exp", "jti", "events"];
    return this.proved(token, { audience, typ: "logout+jwt", requiredClaims });
  }

  access_token({ token, audience }) {
    return this.proved(token, { audience, typ: "at+jwt", requiredClaims: ["iat", "exp", "jti", "sub", "client_id"] });
  }
}

await driven(Party);
