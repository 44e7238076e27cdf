// `--list-rules`: what is looked for, with new samples of each rule for whoever wants to test it.

import { randomInt } from 'node:crypto';
import { rules } from './rules/index.ts';
import { samplesOf } from './samples/sampler.ts';

export function listRules(json: boolean): string {
  if (!json) return rules.map((rule) => `${rule.id}  ${rule.severity}  ${rule.title}\n`).join('');
  const list = rules.map((rule) => ({
    id: rule.id,
    title: rule.title,
    severity: rule.severity,
    confidence: rule.confidence,
    keywords: rule.keywords,
    pattern: rule.pattern,
    ...(rule.entropy === undefined ? {} : { entropy: rule.entropy }),
    ...(rule.checks === undefined ? {} : { checks: rule.checks }),
    samples: samplesOf(rule, (limit) => randomInt(limit)),
  }));
  return `${JSON.stringify({ rules: list }, undefined, 2)}\n`;
}
