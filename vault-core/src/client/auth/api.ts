// Who may do what on the vault API, and the ways to log in: one typed method for each route.

import type { Requester } from '../requester.ts';
import { AppRolesApi } from './app-roles.ts';
import { JwtRolesApi } from './jwt-roles.ts';
import { PoliciesApi } from './policies.ts';
import { VaultTokensApi } from './tokens.ts';

export class AuthApi {
  readonly policies: PoliciesApi;
  readonly tokens: VaultTokensApi;
  readonly appRoles: AppRolesApi;
  readonly jwtRoles: JwtRolesApi;

  constructor(requester: Requester) {
    this.policies = new PoliciesApi(requester);
    this.tokens = new VaultTokensApi(requester);
    this.appRoles = new AppRolesApi(requester);
    this.jwtRoles = new JwtRolesApi(requester);
  }
}
