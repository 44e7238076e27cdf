// The pages of a sign-in.

import { confirmationCode } from '../../domain/sign-in.ts';
import type { Reply } from '../http/reply.ts';
import { type Html, html, pageReply } from './html.ts';
import { type LoginRequest, loopbackOrigin } from './request.ts';

/** An issuer as the page offers it. */
interface OfferedIssuer {
  readonly issuer: string;
  readonly name: string;
}

export interface SignInPage {
  readonly request: LoginRequest;
  /** The server, as the person's browser knows it. */
  readonly host: string;
  readonly issuers: readonly OfferedIssuer[];
  /** The forms' place, relative to the page. */
  readonly base: 'auth/' | '';
  /** What went wrong the last time. */
  readonly alert?: string;
}

export function signInPage(status: number, { request, host, issuers, base, alert }: SignInPage): Reply {
  const fields = hiddenFields(request);
  const offers = issuers.map(
    ({ issuer, name }) =>
      html`<form method="post" action="${base}oidc">
        <input type="hidden" name="issuer" value="${issuer}" />${fields} <button>Sign in with ${name}</button>
      </form> `,
  );
  return pageReply(status, {
    title: alert === undefined ? 'Sign in' : 'Not signed in',
    forms: true,
    ...(request === undefined ? {} : { formTarget: loopbackOrigin(request) }),
    main: html`<h1>Sign in to ${host}</h1>
      ${alert === undefined ? html`` : html`<p class="alert" role="alert">${alert}</p>`} ${purpose(request)} ${offers}
      <h2 id="with-token">${issuers.length === 0 ? 'With a token' : 'Or with a token'}</h2>
      <form method="post" action="${base}token" aria-labelledby="with-token">
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          required
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          maxlength="16384"
        />
        ${fields}
        <button>Sign in with the token</button>
      </form>`,
  });
}

function purpose(request: LoginRequest): Html {
  if (request === undefined) return html`<p>You get a token to copy into your terminal.</p>`;
  return html`<p>
      A command on this computer asks for it. Go on only if you started <code>zvault login</code> yourself and it shows
      this code:
    </p>
    <p class="code">${confirmationCode(request.challenge)}</p>`;
}

function hiddenFields(request: LoginRequest): Html {
  if (request === undefined) return html``;
  const { port, state, challenge } = request;
  return html`<input type="hidden" name="port" value="${port}" /><input
      type="hidden"
      name="state"
      value="${state}"
    /><input type="hidden" name="code_challenge" value="${challenge}" />`;
}

/**
 * Goes on at the issuer. A page and not a redirect: browsers hold the redirects of a form against the page's policy, and
 * issuers redirect to hosts that nobody here knows.
 */
export function onwardPage(next: string, name: string): Reply {
  const main = html`<h1>On to ${name}</h1>
    <p>If your browser does not go on by itself: <a href="${next}">sign in with ${name}</a>.</p>`;
  return pageReply(200, { title: 'Signing in', main, next });
}

/** For commands that can't prove what they are: the person carries the token over. */
export function tokenPage(token: string): Reply {
  const main = html`<h1>You are signed in</h1>
    <p>
      Copy this token, run <code>zvault login --stdin</code> in your terminal, and paste it there. Then close this page.
    </p>
    <label for="token">Token</label>
    <input id="token" value="${token}" readonly autocomplete="off" spellcheck="false" />`;
  return pageReply(200, { title: 'Signed in', main });
}

/** What went wrong, for a person. `code` and `message` as an answer in JSON would have them. */
export function failurePage(status: number, message: string): Reply {
  const main = html`<h1>That did not work</h1>
    <p class="alert" role="alert">${message}</p>
    <p>Start the command again, or go back and try another way.</p>`;
  return pageReply(status, { title: 'Not signed in', main });
}
