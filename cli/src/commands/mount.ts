import type { CommandBody } from '../command.ts';
import { mountCommands } from './mount/index.ts';

export const mount: CommandBody = { subcommands: mountCommands };
