import type { CommandBody } from '../command.ts';
import { leaseCommands } from './lease/index.ts';

export const lease: CommandBody = { subcommands: leaseCommands };
