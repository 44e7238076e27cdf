import type { CommandBody } from '../command.ts';
import { kvCommands } from './kv/index.ts';

export const kv: CommandBody = { subcommands: kvCommands };
