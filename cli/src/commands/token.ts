import type { CommandBody } from '../command.ts';
import { tokenCommands } from './token/index.ts';

export const token: CommandBody = { subcommands: tokenCommands };
