// Pages for people: HTML that runs no script, loads nothing, and is framed by nobody.

import { createHash } from 'node:crypto';
import type { Reply } from '../http/reply.ts';

const style = `
:root { color-scheme: light dark; --ink: #16202b; --paper: #ffffff; --soft: #f1f4f7; --line: #77838f; --act: #0b57a4; --on-act: #ffffff; --bad: #a3161b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edf2; --paper: #12181f; --soft: #1c252e; --line: #8d9aa7; --act: #8cc2ff; --on-act: #0a1420; --bad: #ff9d99; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--soft); overflow-wrap: anywhere; }
main { max-width: 30rem; margin: 5vh auto 0; padding: 1.75rem; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.25; }
h2 { margin: 1.75rem 0 .5rem; font-size: 1.05rem; }
p { margin: .75rem 0; }
form { margin: .75rem 0; }
label { display: block; margin-bottom: .25rem; font-weight: 600; }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .3rem; }
button { width: 100%; margin-top: .75rem; padding: .65rem .7rem; font: inherit; font-weight: 600; color: var(--on-act); background: var(--act); border: 1px solid var(--act); border-radius: .3rem; cursor: pointer; }
a { color: var(--act); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
code, .code { font-family: ui-monospace, monospace; }
.code { font-size: 1.35rem; font-weight: 700; letter-spacing: .08em; }
.alert { padding: .6rem .8rem; border: 1px solid var(--bad); border-left-width: .4rem; border-radius: .3rem; color: var(--bad); }
`;
let knownStyleHash: string | undefined;
/** Made for the first page: no start waits for it. */
const styleHash = (): string => (knownStyleHash ??= createHash('sha256').update(style).digest('base64'));

/** HTML that may stand in a page: made by `html` alone. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Not in a template, where a formatter would move it away from its hash. */
const styleElement = new Html(`<style>${style}</style>`);

type Part = string | number | Html | readonly Html[];

/** HTML with every text in it escaped. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(literals.reduce((text, literal, index) => text + textOf(parts[index - 1] ?? '') + literal));
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  return typeof part === 'object' ? part.map(({ text }) => text).join('') : escapeHtml(String(part));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.toWellFormed().replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}

export interface Page {
  readonly title: string;
  readonly main: Html;
  /** Goes on there by itself. */
  readonly next?: string;
  /** It has forms. */
  readonly forms?: true;
  /** Where a form of the page may lead to, beside this server. */
  readonly formTarget?: string;
}

/** The page as a reply with this status. */
export function pageReply(status: number, { title, main, next, forms, formTarget }: Page): Reply {
  // Under the header's policy browsers send `Origin: null` with forms, which is refused as a foreign site's; under this one
  // nothing is told to another site either.
  const referrer = forms ? html`<meta name="referrer" content="same-origin" />` : html``;
  const refresh = next === undefined ? html`` : html`<meta http-equiv="refresh" content="0; url=${next}" />`;
  const head = html`<meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    ${referrer}${refresh}
    <title>${title} &ndash; zvault</title>
    ${styleElement}`;
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        ${head}
      </head>
      <body>
        <main>${main}</main>
      </body>
    </html> `;
  return {
    status,
    body: text,
    mediaType: 'text/html; charset=utf-8',
    headers: {
      'Content-Security-Policy': [
        "default-src 'none'",
        `style-src 'sha256-${styleHash()}'`,
        `form-action 'self'${formTarget === undefined ? '' : ` ${formTarget}`}`,
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      ...pageHeaders,
    },
  };
}

/** Of whatever a browser gets here, redirects included. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
