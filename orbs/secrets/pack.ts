// Makes orb.yml of the files in src, as `circleci orb pack` does: a folder is a section, a file an entry of it, `<<include(path)>>` the text
// of a file. test/ci-orb.test.ts proves that the committed one is what the sources give.
//
// Source: CircleCI-Public/circleci-cli, pack.go.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';

const source = join(import.meta.dirname, 'src');
const sections = ['commands', 'examples', 'executors', 'jobs'];

/** The text of the packed orb. @throws Error for an include that is not there */
export function packOrb(): string {
  const orb: Record<string, unknown> = { ...readYaml('@orb.yml') };
  for (const section of sections) {
    const files = readdirSync(join(source, section))
      .filter((file) => file.endsWith('.yml'))
      .sort();
    orb[section] = Object.fromEntries(files.map((file) => [basename(file, '.yml'), readYaml(join(section, file))]));
  }
  return `# Made by orbs/secrets/pack.ts of the files in src; do not edit.\n${stringify(included(orb), { indent: 4, lineWidth: 0 })}`;
}

function readYaml(path: string): Record<string, unknown> {
  return parse(readFileSync(join(source, path), 'utf8')) as Record<string, unknown>;
}

function included(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/<<\s*include\(([^)]+)\)\s*>>/g, (_, path: string) =>
      readFileSync(join(source, path), 'utf8'),
    );
  }
  if (Array.isArray(value)) return value.map(included);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, included(part)]));
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(import.meta.dirname, 'orb.yml'), packOrb());
