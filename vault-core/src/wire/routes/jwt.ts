import { defineRoutes } from '../route.ts';
import { jwtLoginBody, jwtLoginReply, jwtRoleBody, jwtRolesReply, jwtRoleShape } from '../auth-shapes.ts';

const role = '/v1/auth/jwt/role';
/** A person or root; the handler asks for the role in the organisation of the project. */
const person = {
  access: { identity: 'cloud', user: 'any', headers: 'both' },
  scope: 'none',
} as const;

export const jwtRoutes = defineRoutes([
  {
    id: 'jwt-roles.list',
    method: 'GET',
    path: role,
    summary: 'JWT roles of the organisations that the caller belongs to',
    ...person,
    replies: { 200: jwtRolesReply },
  },
  {
    id: 'jwt-roles.read',
    method: 'GET',
    path: `${role}/{name}`,
    summary: 'A JWT role',
    ...person,
    replies: { 200: jwtRoleShape },
  },
  {
    id: 'jwt-roles.write',
    method: 'POST',
    path: `${role}/{name}`,
    summary: 'Create or replace a JWT role; takes an admin of the organisation',
    ...person,
    body: jwtRoleBody,
    replies: { 200: jwtRoleShape },
  },
  {
    id: 'jwt-roles.put',
    method: 'PUT',
    path: `${role}/{name}`,
    summary: 'The same',
    ...person,
    body: jwtRoleBody,
    replies: { 200: jwtRoleShape },
  },
  {
    id: 'jwt-roles.delete',
    method: 'DELETE',
    path: `${role}/{name}`,
    summary: 'Delete a JWT role; takes an admin of the organisation',
    ...person,
    replies: { 204: null },
  },
  {
    id: 'jwt.login',
    method: 'POST',
    path: '/v1/auth/jwt/login',
    summary: 'Exchange an identity token for a service token',
    access: { identity: 'none' },
    scope: 'none',
    body: jwtLoginBody,
    replies: { 200: jwtLoginReply },
    errors: [401],
  },
]);
