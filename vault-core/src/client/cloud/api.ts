// The management routes, one typed method each: parameters in the order of the path, then the body. Bodies and answers are the
// wire's, unwrapped.

import type { Requester } from '../requester.ts';
import type { Scope } from '../scope.ts';
import { ManagementCalls } from './calls.ts';
import { OperatorApi } from './operator.ts';
import { MembersApi, OrgsApi } from './orgs.ts';
import { AuditApi, EnvironmentsApi, ProjectsApi } from './projects.ts';
import { SignInApi } from './sign-in.ts';
import { SysApi } from './sys.ts';
import { TokensApi } from './tokens.ts';

export class CloudApi {
  readonly orgs: OrgsApi;
  readonly members: MembersApi;
  readonly projects: ProjectsApi;
  readonly environments: EnvironmentsApi;
  readonly tokens: TokensApi;
  readonly signIn: SignInApi;
  readonly audit: AuditApi;
  readonly sys: SysApi;
  readonly operator: OperatorApi;

  constructor(requester: Requester, scope: Scope) {
    const calls = new ManagementCalls(requester, scope);
    this.orgs = new OrgsApi(calls);
    this.members = new MembersApi(calls);
    this.projects = new ProjectsApi(calls);
    this.environments = new EnvironmentsApi(calls);
    this.tokens = new TokensApi(calls);
    this.signIn = new SignInApi(calls);
    this.audit = new AuditApi(calls);
    this.sys = new SysApi(calls);
    this.operator = new OperatorApi(calls);
  }
}
