import { expect, test } from 'vitest';
import { crcToken, seeded } from '../../test/secrets.ts';
import { rules } from '../rules/index.ts';
import { Scanner } from '../scanner.ts';

const scanner = new Scanner({ rules });
const windowBytes = 512 * 1024;

test.each([
  ['a token', (token: string) => `"${token}"`],
  ['an assignment', (token: string) => `github_token = "${token}"`],
  ['Base64', (token: string) => Buffer.from(`user:${token} is the token`).toString('base64')],
])('%s is found once wherever the windows of a large text end', (_, write) => {
  const draw = seeded(3);
  for (let back = 0; back < 100; back += 7) {
    const secrets = Array.from({ length: 3 }, () => write(crcToken(draw, 'ghp_')));
    const filler = 'plain words\n'.repeat((3 * windowBytes) / 12 + 1000);
    let text = filler;
    for (const [i, secret] of secrets.entries()) {
      const at = (i + 1) * windowBytes - back;
      text = `${text.slice(0, at)}\n${secret}\n${text.slice(at + secret.length + 2)}`;
    }
    const found = scanner.scan('a.txt', Buffer.from(text));
    expect(found.map(({ finding }) => finding.rule)).toHaveLength(secrets.length);
    for (const [i, { start }] of found.entries())
      expect(text.slice(start).startsWith('ghp_') || text.slice(start, start + 8) === secrets[i]?.slice(0, 8)).toBe(
        true,
      );
  }
});
