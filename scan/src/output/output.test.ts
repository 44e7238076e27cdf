import { readdirSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { Folder, scanIn } from '../../test/run.ts';
import type { Finding } from '../finding.ts';
import { type Report, formats } from './index.ts';
import { LongList, jsonText } from './json-text.ts';

const finding: Finding = {
  rule: 'github-pat',
  title: 'GitHub personal access token',
  severity: 'critical',
  file: 'a b/ü:%,<&"\'.txt',
  line: 3,
  column: 7,
  endLine: 3,
  endColumn: 47,
  fingerprint: '0123456789abcdef01234567abcd',
  redacted: 'ghp_…(40 characters)',
  reference: 'zvault://env/app/KEY',
  encoding: 'base64',
  commit: 'a'.repeat(40),
};
const report: Report = { findings: [finding], notices: ['a notice'], startedAt: 0, version: '0.1.0' };
const empty: Report = { ...report, findings: [] };
const written = (format: keyof typeof formats, content: Report): string => [...formats[format](content)].join('');

/** The parts of the SARIF 2.1.0 schema that the report uses, with what it requires there. */
const sarifSchema = {
  type: 'object',
  required: ['version', 'runs'],
  properties: {
    version: { const: '2.1.0' },
    runs: {
      type: 'array',
      items: {
        type: 'object',
        required: ['tool', 'results'],
        properties: {
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
          tool: {
            type: 'object',
            required: ['driver'],
            properties: {
              driver: {
                type: 'object',
                required: ['name'],
                properties: {
                  rules: {
                    type: 'array',
                    uniqueItems: true,
                    items: {
                      type: 'object',
                      required: ['id'],
                      properties: {
                        id: { type: 'string' },
                        shortDescription: { type: 'object', required: ['text'] },
                        defaultConfiguration: {
                          type: 'object',
                          properties: { level: { enum: ['none', 'note', 'warning', 'error'] } },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
          invocations: { type: 'array', items: { type: 'object', required: ['executionSuccessful'] } },
          results: {
            type: 'array',
            items: {
              type: 'object',
              required: ['message'],
              properties: {
                ruleIndex: { type: 'integer', minimum: 0 },
                level: { enum: ['none', 'note', 'warning', 'error'] },
                message: { type: 'object', required: ['text'] },
                partialFingerprints: { type: 'object', additionalProperties: { type: 'string' } },
                locations: {
                  type: 'array',
                  items: {
                    type: 'object',
                    properties: {
                      physicalLocation: {
                        type: 'object',
                        required: ['artifactLocation'],
                        properties: {
                          artifactLocation: {
                            type: 'object',
                            properties: { uri: { type: 'string', pattern: "^[A-Za-z0-9%/._~!()*'-]+$" } },
                          },
                          region: {
                            type: 'object',
                            properties: {
                              startLine: { type: 'integer', minimum: 1 },
                              startColumn: { type: 'integer', minimum: 1 },
                              endLine: { type: 'integer', minimum: 1 },
                              endColumn: { type: 'integer', minimum: 1 },
                            },
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

test('SARIF keeps to its schema, with and without findings', () => {
  const validate = new Ajv().compile(sarifSchema);
  for (const one of [report, empty])
    expect(validate(JSON.parse(written('sarif', one))), JSON.stringify(validate.errors)).toBe(true);
});

test('JSON has the documented fields and no others', () => {
  const { title: _, ...rest } = finding;
  expect(JSON.parse(written('json', report))).toEqual({ findings: [rest], notices: ['a notice'] });
});

test('GitHub commands and JUnit escape odd names', () => {
  expect(written('github', report)).toMatch(
    /^::error file=a b\/ü%3A%25%2C<&"'.txt,line=3,endLine=3,col=7,endColumn=47,title=[^:]+::github-pat: [^\n]*\n$/,
  );
  expect(written('junit', report)).toContain('file="a b/ü:%,&lt;&amp;&quot;&apos;.txt"');
  expect(written('junit', empty)).toContain('failures="0"');
});

test('GitLab has what its schema requires', () => {
  const parsed = JSON.parse(written('gitlab', report)) as {
    version: string;
    vulnerabilities: Record<string, unknown>[];
    scan: Record<string, unknown>;
  };
  expect(parsed.vulnerabilities[0]).toMatchObject({
    category: 'secret_detection',
    severity: 'Critical',
    location: { start_line: 3, commit: { sha: 'a'.repeat(40) } },
    identifiers: [{ value: 'github-pat' }],
  });
  expect(parsed.scan).toMatchObject({ type: 'secret_detection', status: 'success' });
});

test('text names the place, the reference and the commit, and no control character of a name', () => {
  const text = written('text', { ...report, findings: [{ ...finding, file: 'a\u001b[31m\nb' }] });
  expect(text).toContain('use zvault://env/app/KEY');
  expect(text).toContain('a\\u001b[31m\\u000ab:3:7');
  expect(written('text', empty)).toBe('');
});

test('a report that can not be written: 2, and nothing is left behind', async () => {
  using folder = new Folder();
  folder.write('a.txt', 'nothing\n');
  for (const option of ['--output', '--sarif', '--write-baseline']) {
    const { status, err } = await scanIn(folder.path, ['a.txt', option, 'no-folder/report']);
    expect(status).toBe(2);
    expect(err).toContain("can't be written (ENOENT)");
  }
  expect(readdirSync(folder.path)).toEqual(['a.txt']);
});

test('JSON in pieces is JSON', () => {
  const items = [{ a: 'x\ny', b: undefined, c: [1, { d: null }] }, {}, { 'é"': [] }];
  for (const list of [items, []]) {
    const around = (inner: unknown) => ({
      version: 1,
      none: [],
      runs: [{ tool: { name: 'n' }, results: inner, last: true }],
      end: {},
    });
    const pieces = [...jsonText(around(new LongList(list, (item) => item)))];
    expect(pieces.join('')).toBe(JSON.stringify(around(list), undefined, 2));
    expect(pieces.length).toBeGreaterThan(list.length);
  }
});
