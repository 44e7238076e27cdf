import type { CommandBody } from '../command.ts';
import { cloudCommands } from './cloud/index.ts';

export const cloud: CommandBody = { subcommands: cloudCommands };
