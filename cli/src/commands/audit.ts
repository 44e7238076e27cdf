import type { CommandBody } from '../command.ts';
import { auditCommands } from './audit/index.ts';

export const audit: CommandBody = { subcommands: auditCommands };
