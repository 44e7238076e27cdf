import { defineRoutes } from '../route.ts';
import {
  appRoleBody,
  appRoleLoginBody,
  appRoleLoginReply,
  appRoleShape,
  appRoleWrittenReply,
  deletedReply,
  namesReply,
  roleIdReply,
  secretIdReply,
} from '../auth-shapes.ts';

const role = '/v1/auth/approle/role';
/** Writing a role and issuing its secret ids are different capabilities: the latter can be given to a deployer alone. */
const needs = <const C extends 'read' | 'create' | 'update' | 'delete'>(capability: C) =>
  ({
    access: { identity: 'vault', policy: { path: 'auth/approle/role/{name}', capability } },
    scope: 'none',
  }) as const;

export const appRoleRoutes = defineRoutes([
  {
    id: 'app-roles.list',
    method: 'GET',
    path: role,
    summary: 'Names of the AppRoles',
    access: { identity: 'vault', policy: { path: 'auth/approle/role', capability: 'list' } },
    scope: 'none',
    replies: { 200: namesReply },
  },
  {
    id: 'app-roles.write',
    method: 'POST',
    path: `${role}/{name}`,
    summary: 'Create an AppRole, or write it anew with a new role id',
    ...needs('create'),
    body: appRoleBody,
    replies: { 200: appRoleWrittenReply },
  },
  {
    id: 'app-roles.read',
    method: 'GET',
    path: `${role}/{name}`,
    summary: 'An AppRole',
    ...needs('read'),
    replies: { 200: appRoleShape },
  },
  {
    id: 'app-roles.delete',
    method: 'DELETE',
    path: `${role}/{name}`,
    summary: 'Delete an AppRole and its secret ids, if it is there',
    ...needs('delete'),
    replies: { 200: deletedReply },
  },
  {
    id: 'app-roles.role-id',
    method: 'GET',
    path: `${role}/{name}/role-id`,
    summary: 'The role id of an AppRole',
    ...needs('read'),
    replies: { 200: roleIdReply },
  },
  {
    id: 'app-roles.secret-id',
    method: 'POST',
    path: `${role}/{name}/secret-id`,
    summary: 'Make a secret id for an AppRole; its text is in this answer only',
    ...needs('update'),
    replies: { 200: secretIdReply },
  },
  {
    id: 'app-roles.login',
    method: 'POST',
    path: '/v1/auth/approle/login',
    summary: 'Log in with a role id and a secret id',
    access: { identity: 'none' },
    scope: 'none',
    body: appRoleLoginBody,
    replies: { 200: appRoleLoginReply },
    errors: [401],
  },
]);
