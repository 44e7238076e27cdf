import type { CommandBody } from '../command.ts';
import { policyCommands } from './policy/index.ts';

export const policy: CommandBody = { subcommands: policyCommands };
