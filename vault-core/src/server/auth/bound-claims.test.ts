import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { jwtRoleBody } from '../../wire/auth-shapes.ts';
import { parseBoundClaims, unmatchedClaim } from './bound-claims.ts';
import { gitHubSubjects, identifiesSubject, presetOfIssuer, presets } from './jwt-presets.ts';

const matches = (value: string | string[], claim: unknown): boolean =>
  unmatchedClaim(parseBoundClaims({ claim: value }), { claim }) === undefined;

test.each([
  ['exact', 'a/b', 'a/b', true],
  ['exact, longer', 'a/b', 'a/bc', false],
  ['case', 'a', 'A', false],
  ['a list', ['a', 'b'], 'b', true],
  ['a list, missed', ['a', 'b'], 'c', false],
  ['a pattern in a list of one', ['repo:o/*'], 'repo:o/r:ref:x', true],
  ['a pattern is anchored at its start', 'o/*', 'evil/o/r', false],
  ['a pattern is anchored at its end', '*/main', 'refs/heads/main2', false],
  ['a star is nothing, too', 'a*', 'a', true],
  ['start and end don’t overlap', 'ab*ba', 'aba', false],
  ['start and end side by side', 'ab*ba', 'abba', true],
  ['several stars', 'a*b*c', 'a_b_b_c', true],
  ['several stars in order', 'a*c*b*d', 'abcd', false],
  ['several stars need room for the end', 'a*b*b', 'ab', false],
  ['two stars side by side', 'a**b', 'a/b', true],
  ['other glob characters are themselves', 'a?[b]', 'axb', false],
  ['other glob characters are themselves, matched', 'a?[b]', 'a?[b]', true],
  ['a dot is a dot', 'a.b', 'axb', false],
  ['a number', '42', 42, true],
  ['a truth value', 'false', false, true],
  ['one of a list', 'b', ['a', 'b'], true],
  ['none of a list', 'c', ['a', 'b'], false],
  ['absent', 'a', undefined, false],
  ['absent, for any', '*', undefined, false],
  ['null', 'null', null, false],
  ['an object', '[object Object]', {}, false],
  ['a list in a list', 'a', [['a']], false],
] as [string, string | string[], unknown, boolean][])('%s', (_, value, claim, expected) => {
  expect(matches(value, claim)).toBe(expected);
});

test.each([
  [{ c: [] }, 'needs a value'],
  [{ c: '' }, '1 to 1024'],
  [{ c: ['a', 'b*'] }, 'only a value that stands alone'],
  [{ '': 'a' }, 'must have 1 to'],
  [{ c: 'a'.repeat(1025) }, '1 to 1024'],
  [Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`c${index}`, 'a'])), 'at most 32'],
] as [Record<string, string | string[]>, string][])('refused: %j', (bound, problem) => {
  expect(() => parseBoundClaims(bound)).toThrow(problem);
});

test('names that objects have anyway are absent claims', () => {
  const claims = Object.assign(Object.create(null) as Record<string, unknown>, { sub: 'a' });
  for (const name of ['constructor', 'toString', '__proto__']) {
    const bound = parseBoundClaims(JSON.parse(`{"${name}": "*"}`) as Record<string, string>);
    expect(Object.keys(bound)).toEqual([name]);
    expect(unmatchedClaim(bound, claims)).toBe(name);
  }
});

const text = fc.array(fc.constantFrom('a', 'b', '/', '*'), { maxLength: 8 }).map((parts) => parts.join(''));
property.prop([text, text], { numRuns: 5000 })(
  'a pattern matches what its regular expression matches',
  (value, claim) => {
    fc.pre(value !== '');
    const regex = new RegExp(`^${value.replaceAll('*', '.*')}$`, 's');
    expect(matches(value, claim)).toBe(regex.test(claim));
  },
);

// Which bindings say whose jobs are meant: `ref`, `environment` or a bare `*` don't.
test.each([
  ['github', { repository_id: '1' }, true],
  ['github', { repository: ['o/r', 'o/s'] }, true],
  ['github', { repository: 'o/*' }, true],
  ['github', { sub: 'repo:o/r:*' }, true],
  ['github', { sub: 'repo:o@1/r@2:ref:refs/heads/main' }, true],
  ['github', { sub: 'repo:o/*' }, false],
  ['github', { sub: 'repo:o/r*' }, false],
  ['github', { sub: '*' }, false],
  ['github', { sub: ['repo:o/r:ref:x', 'anything'] }, false],
  ['github', { repository: '*' }, false],
  ['github', { repository: '*/r' }, false],
  ['github', { repository: 'o*/r' }, false],
  ['github', { repository_id: '1*' }, false],
  ['github', { repository_owner: 'o' }, false],
  ['github', { ref: 'refs/heads/main' }, false],
  ['github', { environment: 'production' }, false],
  ['github', {}, false],
  ['gitlab', { project_id: '7' }, true],
  ['gitlab', { project_path: 'g/p' }, true],
  ['gitlab', { project_path: 'g/*' }, true],
  ['gitlab', { project_path: '*' }, false],
  ['gitlab', { namespace_path: 'g' }, false],
  ['gitlab', { sub: 'project_path:g/p:*' }, false],
  ['circleci', { 'oidc.circleci.com/project-id': 'u' }, true],
  ['circleci', { 'oidc.circleci.com/project-id': '*' }, false],
  ['circleci', { sub: 'org/o/project/p/user/u' }, false],
  ['bitbucket', { repositoryUuid: '{u}' }, true],
  ['bitbucket', { repositoryUuid: '{*' }, false],
  ['bitbucket', { workspaceUuid: '{u}' }, false],
  ['buildkite', { organization_id: 'o', pipeline_id: 'p' }, true],
  ['buildkite', { organization_id: 'o', pipeline_slug: 'p' }, true],
  ['buildkite', { organization_id: 'o', pipeline_slug: '*' }, false],
  ['buildkite', { pipeline_slug: 'p' }, false],
  ['buildkite', { organization_id: 'o' }, false],
] as [keyof typeof presets, Record<string, string | string[]>, boolean][])(
  '%s: %j identifies: %s',
  (name, bound, expected) => {
    expect(presets[name].identifies(parseBoundClaims(bound))).toBe(expected);
  },
);

test('the presets are those of the wire', () => {
  const [{ enum: names }] = (jwtRoleBody['properties'] as { preset: { anyOf: [{ enum: string[] }] } }).preset.anyOf;
  expect(Object.keys(presets).sort()).toEqual([...names].sort());
});

test('for other issuers, the subject', () => {
  expect(identifiesSubject(parseBoundClaims({ sub: 'job:*' }))).toBe(true);
  expect(identifiesSubject(parseBoundClaims({ sub: '*' }))).toBe(false);
  expect(identifiesSubject(parseBoundClaims({ ref: 'main' }))).toBe(false);
});

test('an issuer that belongs to a platform is known without its preset', () => {
  expect(presetOfIssuer('https://token.actions.githubusercontent.com')).toBe('github');
  expect(presetOfIssuer('https://token.actions.githubusercontent.com/octo-inc')).toBe('github');
  expect(presetOfIssuer('https://token.actions.octo.ghe.com')).toBe('github');
  expect(presetOfIssuer('https://oidc.circleci.com/org/u')).toBe('circleci');
  expect(presetOfIssuer('https://agent.buildkite.com')).toBe('buildkite');
  expect(presetOfIssuer('https://token.actions.githubusercontent.com.evil.example')).toBeUndefined();
  expect(presetOfIssuer('https://gitlab.example.com')).toBeUndefined();
});

test('both forms of a GitHub subject', () => {
  expect(gitHubSubjects('repo:octo@1/app@22:ref:refs/heads/a@3')).toEqual([
    'repo:octo@1/app@22:ref:refs/heads/a@3',
    'repo:octo/app:ref:refs/heads/a@3',
  ]);
  for (const subject of ['repo:octo/app:ref:x', 'repo:octo@1/app:ref:x', 'x repo:octo@1/app@2:y']) {
    expect(gitHubSubjects(subject)).toEqual([subject]);
  }
});
