import type { CommandBody } from '../command.ts';
import { transitCommands } from './transit/index.ts';

export const transit: CommandBody = { subcommands: transitCommands };
