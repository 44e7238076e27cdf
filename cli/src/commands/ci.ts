import type { CommandBody } from '../command.ts';
import { ciCommands } from './ci/index.ts';

export const ci: CommandBody = { subcommands: ciCommands };
