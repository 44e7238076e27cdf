import type { CommandBody } from '../command.ts';
import { jwtRoleCommands } from './jwt-role/index.ts';

export const jwtRole: CommandBody = { subcommands: jwtRoleCommands };
