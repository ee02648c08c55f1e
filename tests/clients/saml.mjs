// Service providers on node-saml, driven from outside. A party keeps between its steps what a service keeps.

import { SAML } from "@node-saml/node-saml";
import { driven } from "./driven.mjs";

const security = {
  signatureAlgorithm: "sha256",
  digestAlgorithm: "sha256",
  wantAuthnResponseSigned: true,
  wantAssertionsSigned: false,
  validateInResponseTo: "ifPresent", // "always" finds none in a LogoutResponse
  racComparison: "minimum",
};

class ServiceProvider {
  async make({ options }) {
    this.options = { ...options, audience: options.issuer, ...security };
    this.saml = new SAML({ ...this.options, disableRequestedAuthnContext: true });
  }

  async metadata({ certificate }) {
    return this.saml.generateServiceProviderMetadata(certificate, certificate);
  }

  // A request for a level is made by another set of options; what is outstanding is remembered by all of them.
  async ask({ level, by_post }) {
    const { cacheProvider } = this.saml;
    const asking = level ? { authnContext: [level] } : { disableRequestedAuthnContext: true };
    const saml = new SAML({ ...this.options, ...asking, cacheProvider });
    if (!by_post) return { address: await saml.getAuthorizeUrlAsync("state-1", undefined, {}) };
    const byPost = { authnRequestBinding: "HTTP-POST", skipRequestCompression: true };
    const posting = new SAML({ ...this.options, ...asking, ...byPost, cacheProvider });
    return { address: this.options.entryPoint, fields: await posting.getAuthorizeMessageAsync("state-1", undefined, {}) };
  }

  async finish({ fields }) {
    const { profile } = await this.saml.validatePostResponseAsync(fields);
    this.profile = profile;
    const assertion = profile.getAssertion().Assertion;
    const level = assertion.AuthnStatement[0].AuthnContext[0].AuthnContextClassRef[0]._;
    const listed = Object.entries(profile.attributes ?? {}).map(([name, value]) => [name, [value].flat()]);
    const attributes = Object.fromEntries(listed);
    return { name_id: profile.nameID, session_index: profile.sessionIndex, level, attributes };
  }

  leave() {
    return this.saml.getLogoutUrlAsync(this.profile, "state-1", {});
  }

  async left({ fields }) {
    const { loggedOut } = await this.saml.validatePostResponseAsync(fields);
    if (!loggedOut) throw new Error("no answer to a sign-out");
  }

  async told({ fields }) {
    const { profile } = await this.saml.validatePostRequestAsync(fields);
    const same = profile.nameID === this.profile.nameID && profile.sessionIndex === this.profile.sessionIndex;
    return this.saml.getLogoutResponseUrlAsync(profile, fields.RelayState ?? "", {}, same);
  }
}

await driven(ServiceProvider);
