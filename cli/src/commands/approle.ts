import type { CommandBody } from '../command.ts';
import { approleCommands } from './approle/index.ts';

export const approle: CommandBody = { subcommands: approleCommands };
