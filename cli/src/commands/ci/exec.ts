import { maskPlan, maskedTexts } from '@zvault/core/ci';
import { type Host, Redactor } from '@zvault/core/domain';
import { ciFailure } from '../../ci-failure.ts';
import { childEnvironment } from '../../child-environment.ts';
import { type CiFlags, type CiJob, ciFlags, readJob } from '../../ci-job.ts';
import { defineCommand } from '../../command.ts';

export const exec = defineCommand<CiFlags>({
  configure(command) {
    ciFlags(command.usage('[options] -- cmd [args...]').argument('<command...>').passThroughOptions()).addHelpText(
      'after',
      notes,
    );
  },
  async run({ context, args, options }) {
    const { host } = context;
    const [command = '', ...rest] = args;
    const job = await readJob(context, options, { use: 'environment', environment: host.env });
    const { runChild } = await import('../../child.ts');
    const env = environmentOf(host, job);
    context.interrupted.throwIfAborted();
    return runChild(context, { command, args: rest, env, redactor: redactorOf(job) });
  },
});

function environmentOf(host: Pick<Host, 'env' | 'platform'>, { plan }: CiJob): Record<string, string> {
  const inherited = Object.fromEntries(Object.entries(host.env).filter(([name]) => !name.startsWith('ZVAULT_CI_')));
  try {
    return childEnvironment({
      inherited,
      values: [plan.variables.map(({ name, value }) => [name, value] as const)],
      // The plan has looked at the names.
      allowed: new Set(plan.variables.map(({ name }) => name)),
      keepToken: false,
      platform: host.platform,
    });
  } catch (error) {
    throw ciFailure(error);
  }
}

/** The same decisions as for a platform's masker: what the plan masks is redacted, and nothing else but the token. */
function redactorOf({ options, plan, token }: CiJob): Redactor {
  const redactor = new Redactor();
  redactor.add(token);
  for (const { masked, value } of plan.variables) {
    if (masked && !redactor.add(value)) {
      for (const text of maskedTexts(maskPlan(value, options.mask))) redactor.addText(text);
    }
  }
  return redactor;
}

const notes = `
CMD gets the environment of the job with the secrets in it, without ZVAULT_TOKEN and our own settings.
Its output passes through a redactor that hides what a platform's masker would hide, in more forms.
zvault exits with the code of CMD. If one secret cannot be read, nothing is run.

Example:
  zvault ci exec --env production -- npm run deploy
`;
