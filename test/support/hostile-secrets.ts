// Values and names that break what handles them carelessly. `canary` is a path that no shell may ever make.

export function hostileSecrets(canary: string): Readonly<Record<string, string>> {
  return {
    QUOTES: `it's "quoted" and \`ticked\``,
    COMMAND: `x'$(touch ${canary})'y"$(touch ${canary})"\`touch ${canary}\`; touch ${canary} #`,
    BACKSLASHES: String.raw`C:\new\table \\ \' \" %0A %25`,
    DOLLARS: '$HOME ${HOME} $$ $1 !! ~',
    CR_LF: 'first-line\r\nsecond-line\rthird-line\nfourth-line',
    TRAILING: 'trailing-lines\n\n\n',
    LEADING: '\n\n  leading-lines',
    PEM: `-----BEGIN PRIVATE KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w\n'.repeat(4)}-----END PRIVATE KEY-----\n`,
    JSON_PRETTY: JSON.stringify(
      { type: 'service-account', private_key: '-----BEGIN X-----\nabcdefgh\n', id: 12 },
      null,
      2,
    ),
    JSON_LINE: JSON.stringify({ password: 'inner-password "quoted"', hosts: ['host-number-one'] }),
    EMOJI: 'pässwörd-😀-\u2028-\ufeff-密码',
    HEREDOC: 'EOF\nA=B\nghadelimiter_1\nPATH=/nowhere\nB<<EOF',
    COMMANDS_OF_RUNNERS: '::add-mask::x\n::set-output name=a::b\n##vso[task.setvariable variable=a]b',
    ONE: 'x',
    EMPTY: '',
    LARGE: 'large-'.repeat(19_833),
    __proto__a: 'underscores-first',
  };
}

/** The same with `__proto__` as a name. */
export function withProto(secrets: Readonly<Record<string, string>>): Map<string, string> {
  return new Map([...Object.entries(secrets), ['__proto__', 'value-of-the-prototype']]);
}
