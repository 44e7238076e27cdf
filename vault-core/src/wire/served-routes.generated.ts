// Made by scripts/wire.ts from the route table; do not edit.
import type { ServedRoute } from './route.ts';
export const servedRoutes: readonly ServedRoute[] = [
 {
  "id": "health.get",
  "method": "GET",
  "path": "/health",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "unaudited": true
 },
 {
  "id": "openapi.get",
  "method": "GET",
  "path": "/v1/openapi.json",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "unaudited": true
 },
 {
  "id": "metrics.get",
  "method": "GET",
  "path": "/v1/metrics",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "unaudited": true
 },
 {
  "id": "sys.metrics",
  "method": "GET",
  "path": "/v1/sys/metrics",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "unaudited": true
 },
 {
  "id": "sys.health",
  "method": "GET",
  "path": "/v1/sys/health",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "unaudited": true
 },
 {
  "id": "sys.seal-status",
  "method": "GET",
  "path": "/v1/sys/seal-status",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "unaudited": true
 },
 {
  "id": "sys.init",
  "method": "POST",
  "path": "/v1/sys/init",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "sys.unseal",
  "method": "POST",
  "path": "/v1/sys/unseal",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "sys.seal",
  "method": "POST",
  "path": "/v1/sys/seal",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/seal",
    "capability": "sudo"
   },
   "seals": true
  },
  "scope": "none"
 },
 {
  "id": "sys.audit-log",
  "method": "GET",
  "path": "/v1/sys/audit-log",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/audit-log",
    "capability": "read"
   }
  },
  "scope": "none",
  "query": {
   "limit": {
    "schema": {
     "type": "integer",
     "minimum": 1,
     "default": 100
    },
    "description": "At most so many, up to 1000"
   },
   "after": {
    "schema": {
     "type": "string"
    },
    "description": "Only records older than this cursor of an earlier answer"
   }
  }
 },
 {
  "id": "sys.audit-key",
  "method": "GET",
  "path": "/v1/sys/audit/key",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/audit-log",
    "capability": "read"
   }
  },
  "scope": "none"
 },
 {
  "id": "sys.audit-verify",
  "method": "POST",
  "path": "/v1/sys/audit/verify",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/audit-log",
    "capability": "read"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "sys.license",
  "method": "GET",
  "path": "/v1/sys/license",
  "access": {
   "identity": "none"
  },
  "scope": "none"
 },
 {
  "id": "policies.list",
  "method": "GET",
  "path": "/v1/sys/policies",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/policies",
    "capability": "list"
   }
  },
  "scope": "none"
 },
 {
  "id": "policies.read",
  "method": "GET",
  "path": "/v1/sys/policies/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/policies",
    "capability": "read"
   }
  },
  "scope": "none"
 },
 {
  "id": "policies.write",
  "method": "POST",
  "path": "/v1/sys/policies/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/policies",
    "capability": "create"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "policies.delete",
  "method": "DELETE",
  "path": "/v1/sys/policies/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/policies",
    "capability": "delete"
   }
  },
  "scope": "none"
 },
 {
  "id": "vault-tokens.create",
  "method": "POST",
  "path": "/v1/auth/token/create",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/token/create",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "bodyRequired": false,
  "body": true
 },
 {
  "id": "vault-tokens.lookup",
  "method": "POST",
  "path": "/v1/auth/token/lookup",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/token/lookup",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "vault-tokens.lookup-self",
  "method": "POST",
  "path": "/v1/auth/token/lookup-self",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/token/lookup-self",
    "capability": "read"
   },
   "self": true,
   "headers": "both"
  },
  "scope": "none"
 },
 {
  "id": "vault-tokens.renew",
  "method": "POST",
  "path": "/v1/auth/token/renew",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/token/renew",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "vault-tokens.renew-self",
  "method": "POST",
  "path": "/v1/auth/token/renew-self",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/token/renew-self",
    "capability": "update"
   },
   "self": true,
   "headers": "both"
  },
  "scope": "none",
  "bodyRequired": false,
  "body": true
 },
 {
  "id": "vault-tokens.revoke",
  "method": "POST",
  "path": "/v1/auth/token/revoke",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/token/revoke",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "vault-tokens.revoke-self",
  "method": "POST",
  "path": "/v1/auth/token/revoke-self",
  "access": {
   "identity": "vault",
   "policy": "any",
   "self": true,
   "headers": "both"
  },
  "scope": "none",
  "bodyRequired": false,
  "body": true
 },
 {
  "id": "vault-tokens.capabilities-self",
  "method": "POST",
  "path": "/v1/auth/token/capabilities-self",
  "access": {
   "identity": "vault",
   "policy": "any",
   "self": true,
   "headers": "both"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "app-roles.list",
  "method": "GET",
  "path": "/v1/auth/approle/role",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/approle/role",
    "capability": "list"
   }
  },
  "scope": "none"
 },
 {
  "id": "app-roles.write",
  "method": "POST",
  "path": "/v1/auth/approle/role/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/approle/role/{name}",
    "capability": "create"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "app-roles.read",
  "method": "GET",
  "path": "/v1/auth/approle/role/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/approle/role/{name}",
    "capability": "read"
   }
  },
  "scope": "none"
 },
 {
  "id": "app-roles.delete",
  "method": "DELETE",
  "path": "/v1/auth/approle/role/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/approle/role/{name}",
    "capability": "delete"
   }
  },
  "scope": "none"
 },
 {
  "id": "app-roles.role-id",
  "method": "GET",
  "path": "/v1/auth/approle/role/{name}/role-id",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/approle/role/{name}",
    "capability": "read"
   }
  },
  "scope": "none"
 },
 {
  "id": "app-roles.secret-id",
  "method": "POST",
  "path": "/v1/auth/approle/role/{name}/secret-id",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "auth/approle/role/{name}",
    "capability": "update"
   }
  },
  "scope": "none"
 },
 {
  "id": "app-roles.login",
  "method": "POST",
  "path": "/v1/auth/approle/login",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "jwt-roles.list",
  "method": "GET",
  "path": "/v1/auth/jwt/role",
  "access": {
   "identity": "cloud",
   "user": "any",
   "headers": "both"
  },
  "scope": "none"
 },
 {
  "id": "jwt-roles.read",
  "method": "GET",
  "path": "/v1/auth/jwt/role/{name}",
  "access": {
   "identity": "cloud",
   "user": "any",
   "headers": "both"
  },
  "scope": "none"
 },
 {
  "id": "jwt-roles.write",
  "method": "POST",
  "path": "/v1/auth/jwt/role/{name}",
  "access": {
   "identity": "cloud",
   "user": "any",
   "headers": "both"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "jwt-roles.put",
  "method": "PUT",
  "path": "/v1/auth/jwt/role/{name}",
  "access": {
   "identity": "cloud",
   "user": "any",
   "headers": "both"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "jwt-roles.delete",
  "method": "DELETE",
  "path": "/v1/auth/jwt/role/{name}",
  "access": {
   "identity": "cloud",
   "user": "any",
   "headers": "both"
  },
  "scope": "none"
 },
 {
  "id": "jwt.login",
  "method": "POST",
  "path": "/v1/auth/jwt/login",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "sys.rekey",
  "method": "POST",
  "path": "/v1/sys/rekey",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/rekey",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "sys.generate-root",
  "method": "POST",
  "path": "/v1/sys/generate-root",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "key-slots.list",
  "method": "GET",
  "path": "/v1/sys/key-slots",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/key-slots",
    "capability": "sudo"
   }
  },
  "scope": "none"
 },
 {
  "id": "key-slots.add",
  "method": "POST",
  "path": "/v1/sys/key-slots",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/key-slots",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "key-slots.remove",
  "method": "DELETE",
  "path": "/v1/sys/key-slots/{id}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/key-slots/{id}",
    "capability": "sudo"
   }
  },
  "scope": "none"
 },
 {
  "id": "sys.rotate",
  "method": "POST",
  "path": "/v1/sys/rotate",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/rotate",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "bodyRequired": false,
  "body": true
 },
 {
  "id": "sys.rotation",
  "method": "GET",
  "path": "/v1/sys/rotate",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/rotate",
    "capability": "read"
   }
  },
  "scope": "none"
 },
 {
  "id": "sys.backup",
  "method": "GET",
  "path": "/v1/sys/backup",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/backup",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "binaryReply": true
 },
 {
  "id": "sys.restore",
  "method": "POST",
  "path": "/v1/sys/restore",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/restore",
    "capability": "sudo"
   },
   "openBeforeInit": true
  },
  "scope": "none",
  "maxBodyBytes": 67109888,
  "binaryBody": true,
  "body": true
 },
 {
  "id": "sys.restore-status",
  "method": "GET",
  "path": "/v1/sys/restore",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/restore",
    "capability": "sudo"
   },
   "openBeforeInit": true
  },
  "scope": "none"
 },
 {
  "id": "sys.restore-cancel",
  "method": "DELETE",
  "path": "/v1/sys/restore",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/restore",
    "capability": "sudo"
   },
   "openBeforeInit": true
  },
  "scope": "none"
 },
 {
  "id": "me.get",
  "method": "GET",
  "path": "/v1/cloud/me",
  "access": {
   "identity": "cloud",
   "user": "any",
   "service": "any"
  },
  "scope": "none"
 },
 {
  "id": "auth.me",
  "method": "GET",
  "path": "/v1/cloud/auth/me",
  "access": {
   "identity": "cloud",
   "user": "any",
   "service": "any"
  },
  "scope": "none"
 },
 {
  "id": "orgs.create",
  "method": "POST",
  "path": "/v1/cloud/orgs",
  "access": {
   "identity": "cloud",
   "user": "any"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "orgs.list",
  "method": "GET",
  "path": "/v1/cloud/orgs",
  "access": {
   "identity": "cloud",
   "user": "any"
  },
  "scope": "none"
 },
 {
  "id": "orgs.get",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}",
  "access": {
   "identity": "cloud",
   "user": "viewer"
  },
  "scope": "org"
 },
 {
  "id": "members.create",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/members",
  "access": {
   "identity": "cloud",
   "user": "admin"
  },
  "scope": "org",
  "body": true
 },
 {
  "id": "members.list",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/members",
  "access": {
   "identity": "cloud",
   "user": "viewer"
  },
  "scope": "org"
 },
 {
  "id": "members.update",
  "method": "PATCH",
  "path": "/v1/cloud/orgs/{org}/members/{user}",
  "access": {
   "identity": "cloud",
   "user": "admin"
  },
  "scope": "org",
  "body": true
 },
 {
  "id": "members.delete",
  "method": "DELETE",
  "path": "/v1/cloud/orgs/{org}/members/{user}",
  "access": {
   "identity": "cloud",
   "user": "admin"
  },
  "scope": "org"
 },
 {
  "id": "projects.create",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "org",
  "body": true
 },
 {
  "id": "projects.list",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects",
  "access": {
   "identity": "cloud",
   "user": "viewer"
  },
  "scope": "org"
 },
 {
  "id": "projects.get",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}",
  "access": {
   "identity": "cloud",
   "user": "viewer"
  },
  "scope": "project"
 },
 {
  "id": "projects.update",
  "method": "PATCH",
  "path": "/v1/cloud/orgs/{org}/projects/{project}",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "project",
  "body": true
 },
 {
  "id": "projects.delete",
  "method": "DELETE",
  "path": "/v1/cloud/orgs/{org}/projects/{project}",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "project",
  "query": {
   "force": {
    "schema": {
     "type": "boolean"
    },
    "description": "Delete although it holds secrets; takes an admin"
   }
  }
 },
 {
  "id": "projects.restore",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/restore",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "org"
 },
 {
  "id": "environments.list",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/environments",
  "access": {
   "identity": "cloud",
   "user": "viewer"
  },
  "scope": "project"
 },
 {
  "id": "environments.create",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/environments",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "project",
  "body": true
 },
 {
  "id": "environments.update",
  "method": "PATCH",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/environments/{env}",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "environment",
  "body": true
 },
 {
  "id": "environments.delete",
  "method": "DELETE",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/environments/{env}",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "environment",
  "query": {
   "force": {
    "schema": {
     "type": "boolean"
    },
    "description": "Delete although it holds secrets; takes an admin"
   }
  }
 },
 {
  "id": "environments.restore",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/environments/{env}/restore",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "project"
 },
 {
  "id": "audit.list",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/audit",
  "access": {
   "identity": "cloud",
   "user": "viewer"
  },
  "scope": "project",
  "query": {
   "limit": {
    "schema": {
     "type": "integer",
     "minimum": 1,
     "maximum": 1000,
     "default": 50
    },
    "description": "At most so many entries"
   },
   "offset": {
    "schema": {
     "type": "integer",
     "minimum": 0,
     "maximum": 1000000,
     "default": 0
    },
    "description": "Skip so many of the newest"
   },
   "after": {
    "schema": {
     "type": "string"
    },
    "description": "The `cursor` of the last entry read: continue with older ones"
   }
  }
 },
 {
  "id": "secrets.list",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/secrets",
  "access": {
   "identity": "cloud",
   "user": "viewer",
   "service": "read"
  },
  "scope": "environment",
  "query": {
   "include": {
    "schema": {
     "enum": [
      "values"
     ]
    },
    "description": "Send the values too, in one answer"
   }
  }
 },
 {
  "id": "secrets.get",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/secrets/{key}",
  "access": {
   "identity": "cloud",
   "user": "viewer",
   "service": "read"
  },
  "scope": "environment",
  "query": {
   "version": {
    "schema": {
     "type": "integer",
     "minimum": 1,
     "maximum": 2147483647
    },
    "description": "A version other than the current one"
   }
  }
 },
 {
  "id": "secrets.put",
  "method": "PUT",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/secrets/{key}",
  "access": {
   "identity": "cloud",
   "user": "developer",
   "service": "write"
  },
  "scope": "environment",
  "body": true
 },
 {
  "id": "secrets.delete",
  "method": "DELETE",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/secrets/{key}",
  "access": {
   "identity": "cloud",
   "user": "developer",
   "service": "write"
  },
  "scope": "environment",
  "query": {
   "id": {
    "schema": {
     "type": "string",
     "format": "uuid"
    },
    "description": "The object that is meant; 409 if it is another"
   },
   "cas": {
    "schema": {
     "type": "integer",
     "minimum": 1,
     "maximum": 2147483647
    },
    "description": "The version that must be current"
   }
  }
 },
 {
  "id": "secrets.versions",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/secrets/{key}/versions",
  "access": {
   "identity": "cloud",
   "user": "viewer",
   "service": "read"
  },
  "scope": "environment"
 },
 {
  "id": "secrets.rollback",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/secrets/{key}/rollback",
  "access": {
   "identity": "cloud",
   "user": "developer",
   "service": "write"
  },
  "scope": "environment",
  "body": true
 },
 {
  "id": "secrets.restore",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/secrets/{key}/restore",
  "access": {
   "identity": "cloud",
   "user": "developer",
   "service": "write"
  },
  "scope": "environment"
 },
 {
  "id": "secrets.batch",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/batch",
  "access": {
   "identity": "cloud",
   "user": "developer",
   "service": "write"
  },
  "scope": "environment",
  "maxBodyBytes": 33554432,
  "body": true
 },
 {
  "id": "secrets.events",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/envs/{env}/events",
  "access": {
   "identity": "cloud",
   "user": "viewer",
   "service": "read"
  },
  "scope": "environment",
  "stream": true
 },
 {
  "id": "tokens.create",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/tokens",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "project",
  "body": true
 },
 {
  "id": "tokens.list",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/tokens",
  "access": {
   "identity": "cloud",
   "user": "viewer"
  },
  "scope": "project"
 },
 {
  "id": "tokens.revoke",
  "method": "POST",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/tokens/{id}/revoke",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "project"
 },
 {
  "id": "tokens.delete",
  "method": "DELETE",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/tokens/{id}",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "project"
 },
 {
  "id": "bulk.by-token",
  "method": "GET",
  "path": "/v1/cloud/secrets",
  "access": {
   "identity": "cloud",
   "user": "viewer",
   "service": "read"
  },
  "scope": "environment",
  "query": {
   "env": {
    "schema": {
     "type": "string"
    },
    "description": "Environment (slug or id); optional for a token of one environment"
   },
   "environment": {
    "schema": {
     "type": "string"
    },
    "description": "The same as `env`"
   }
  }
 },
 {
  "id": "bulk.by-org",
  "method": "GET",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/secrets",
  "access": {
   "identity": "cloud",
   "user": "viewer",
   "service": "read"
  },
  "scope": "environment",
  "query": {
   "env": {
    "schema": {
     "type": "string"
    },
    "description": "Environment (slug or id); optional for a token of one environment"
   },
   "environment": {
    "schema": {
     "type": "string"
    },
    "description": "The same as `env`"
   }
  }
 },
 {
  "id": "bulk.put-by-org",
  "method": "PUT",
  "path": "/v1/cloud/orgs/{org}/projects/{project}/secrets",
  "access": {
   "identity": "cloud",
   "user": "developer",
   "service": "write"
  },
  "scope": "project",
  "maxBodyBytes": 33554432,
  "body": true
 },
 {
  "id": "bulk.by-project",
  "method": "GET",
  "path": "/v1/cloud/projects/{project}/secrets",
  "access": {
   "identity": "cloud",
   "user": "viewer",
   "service": "read"
  },
  "scope": "environment",
  "query": {
   "env": {
    "schema": {
     "type": "string"
    },
    "description": "Environment (slug or id); optional for a token of one environment"
   },
   "environment": {
    "schema": {
     "type": "string"
    },
    "description": "The same as `env`"
   }
  }
 },
 {
  "id": "bulk.put-by-project",
  "method": "PUT",
  "path": "/v1/cloud/projects/{project}/secrets",
  "access": {
   "identity": "cloud",
   "user": "developer",
   "service": "write"
  },
  "scope": "project",
  "maxBodyBytes": 33554432,
  "body": true
 },
 {
  "id": "project-secrets.get",
  "method": "GET",
  "path": "/v1/cloud/projects/{project}/secrets/{key}",
  "access": {
   "identity": "cloud",
   "user": "viewer",
   "service": "read"
  },
  "scope": "environment",
  "query": {
   "env": {
    "schema": {
     "type": "string"
    },
    "description": "Environment (slug or id); optional for a token of one environment"
   },
   "environment": {
    "schema": {
     "type": "string"
    },
    "description": "The same as `env`"
   }
  }
 },
 {
  "id": "project-secrets.delete",
  "method": "DELETE",
  "path": "/v1/cloud/projects/{project}/secrets/{key}",
  "access": {
   "identity": "cloud",
   "user": "developer",
   "service": "write"
  },
  "scope": "environment",
  "query": {
   "env": {
    "schema": {
     "type": "string"
    },
    "description": "Environment (slug or id); optional for a token of one environment"
   },
   "environment": {
    "schema": {
     "type": "string"
    },
    "description": "The same as `env`"
   },
   "id": {
    "schema": {
     "type": "string",
     "format": "uuid"
    },
    "description": "The object that is meant; 409 if it is another"
   },
   "cas": {
    "schema": {
     "type": "integer",
     "minimum": 1,
     "maximum": 2147483647
    },
    "description": "The version that must be current"
   }
  }
 },
 {
  "id": "project-list.list",
  "method": "GET",
  "path": "/v1/cloud/projects",
  "access": {
   "identity": "cloud",
   "user": "any"
  },
  "scope": "none",
  "query": {
   "org": {
    "schema": {
     "type": "string"
    },
    "description": "Only those of this organisation (slug or id)"
   }
  }
 },
 {
  "id": "project-list.create",
  "method": "POST",
  "path": "/v1/cloud/projects",
  "access": {
   "identity": "cloud",
   "user": "any"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "project-tokens.create",
  "method": "POST",
  "path": "/v1/cloud/projects/{project}/tokens",
  "access": {
   "identity": "cloud",
   "user": "developer"
  },
  "scope": "project",
  "body": true
 },
 {
  "id": "project-audit.list",
  "method": "GET",
  "path": "/v1/cloud/projects/{project}/audit",
  "access": {
   "identity": "cloud",
   "user": "viewer"
  },
  "scope": "project",
  "query": {
   "limit": {
    "schema": {
     "type": "integer",
     "minimum": 1,
     "maximum": 1000,
     "default": 50
    },
    "description": "At most so many entries"
   },
   "offset": {
    "schema": {
     "type": "integer",
     "minimum": 0,
     "maximum": 1000000,
     "default": 0
    },
    "description": "Skip so many of the newest"
   },
   "after": {
    "schema": {
     "type": "string"
    },
    "description": "The `cursor` of the last entry read: continue with older ones"
   }
  }
 },
 {
  "id": "mounts.list",
  "method": "GET",
  "path": "/v1/sys/mounts",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/mounts",
    "capability": "list"
   }
  },
  "scope": "none"
 },
 {
  "id": "mounts.create",
  "method": "POST",
  "path": "/v1/sys/mounts/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/mounts",
    "capability": "create"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "mounts.delete",
  "method": "DELETE",
  "path": "/v1/sys/mounts/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/mounts",
    "capability": "delete"
   }
  },
  "scope": "none"
 },
 {
  "id": "leases.list",
  "method": "GET",
  "path": "/v1/sys/leases",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/leases",
    "capability": "read"
   }
  },
  "scope": "none",
  "query": {
   "limit": {
    "schema": {
     "type": "integer",
     "minimum": 1,
     "maximum": 10000,
     "default": 1000
    },
    "description": "At most so many"
   },
   "after": {
    "schema": {
     "type": "string"
    },
    "description": "The `next` of the page before"
   }
  }
 },
 {
  "id": "leases.create",
  "method": "POST",
  "path": "/v1/sys/leases/create",
  "access": {
   "identity": "vault",
   "policy": "any"
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "leases.lookup",
  "method": "POST",
  "path": "/v1/sys/leases/lookup",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/leases/lookup",
    "capability": "read"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "leases.renew",
  "method": "POST",
  "path": "/v1/sys/leases/renew",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/leases/renew",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "leases.revoke",
  "method": "POST",
  "path": "/v1/sys/leases/revoke",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "sys/leases/revoke",
    "capability": "sudo"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "transit-keys.list",
  "method": "GET",
  "path": "/v1/transit/keys",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/keys",
    "capability": "list"
   }
  },
  "scope": "none"
 },
 {
  "id": "transit-keys.create",
  "method": "POST",
  "path": "/v1/transit/keys/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/keys/{name}",
    "capability": "create"
   }
  },
  "scope": "none",
  "bodyRequired": false,
  "body": true
 },
 {
  "id": "transit-keys.get",
  "method": "GET",
  "path": "/v1/transit/keys/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/keys/{name}",
    "capability": "read"
   }
  },
  "scope": "none"
 },
 {
  "id": "transit-keys.rotate",
  "method": "POST",
  "path": "/v1/transit/keys/{name}/rotate",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/keys/{name}",
    "capability": "update"
   }
  },
  "scope": "none"
 },
 {
  "id": "transit-keys.config",
  "method": "POST",
  "path": "/v1/transit/keys/{name}/config",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/keys/{name}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "transit.encrypt",
  "method": "POST",
  "path": "/v1/transit/encrypt/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/encrypt/{name}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "transit.decrypt",
  "method": "POST",
  "path": "/v1/transit/decrypt/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/decrypt/{name}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "transit.rewrap",
  "method": "POST",
  "path": "/v1/transit/rewrap/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/rewrap/{name}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "transit.datakey",
  "method": "POST",
  "path": "/v1/transit/datakey/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/datakey/{name}",
    "capability": "update"
   }
  },
  "scope": "none"
 },
 {
  "id": "transit.sign",
  "method": "POST",
  "path": "/v1/transit/sign/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/sign/{name}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "transit.hmac",
  "method": "POST",
  "path": "/v1/transit/hmac/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/hmac/{name}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "transit.verify",
  "method": "POST",
  "path": "/v1/transit/verify/{name}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "transit/verify/{name}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "kv.read",
  "method": "GET",
  "path": "/v1/{mount}/data/{path...}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/data/{path}",
    "capability": "read"
   }
  },
  "scope": "none",
  "query": {
   "version": {
    "schema": {
     "type": "integer",
     "minimum": 1,
     "maximum": 2147483647
    },
    "description": "Not the newest but this one"
   }
  }
 },
 {
  "id": "kv.write",
  "method": "POST",
  "path": "/v1/{mount}/data/{path...}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/data/{path}",
    "capability": "create"
   }
  },
  "scope": "none",
  "bodyAsText": true,
  "body": true
 },
 {
  "id": "kv.delete",
  "method": "DELETE",
  "path": "/v1/{mount}/data/{path...}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/data/{path}",
    "capability": "delete"
   }
  },
  "scope": "none"
 },
 {
  "id": "kv.metadata",
  "method": "GET",
  "path": "/v1/{mount}/metadata/{path...}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/metadata/{path}",
    "capability": "read"
   }
  },
  "scope": "none"
 },
 {
  "id": "kv.erase",
  "method": "DELETE",
  "path": "/v1/{mount}/metadata/{path...}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/metadata/{path}",
    "capability": "delete"
   }
  },
  "scope": "none"
 },
 {
  "id": "kv.list",
  "method": "GET",
  "path": "/v1/{mount}/list/{path...}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/list/{path}",
    "capability": "list"
   }
  },
  "scope": "none"
 },
 {
  "id": "kv.list-all",
  "method": "GET",
  "path": "/v1/{mount}/list",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/list/",
    "capability": "list"
   }
  },
  "scope": "none"
 },
 {
  "id": "kv.list-root",
  "method": "GET",
  "path": "/v1/{mount}/list/",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/list/",
    "capability": "list"
   }
  },
  "scope": "none"
 },
 {
  "id": "kv.undelete",
  "method": "POST",
  "path": "/v1/{mount}/undelete/{path...}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/undelete/{path}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "kv.destroy",
  "method": "POST",
  "path": "/v1/{mount}/destroy/{path...}",
  "access": {
   "identity": "vault",
   "policy": {
    "path": "{mount}/destroy/{path}",
    "capability": "update"
   }
  },
  "scope": "none",
  "body": true
 },
 {
  "id": "login.page",
  "method": "GET",
  "path": "/cli/auth",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "page": true,
  "query": {
   "port": {
    "schema": {
     "type": "integer",
     "minimum": 1024,
     "maximum": 65535
    },
    "description": "Where the command waits on 127.0.0.1. Without `state` and `code_challenge`: unused"
   },
   "state": {
    "schema": {
     "type": "string"
    },
    "description": "Comes back to the command: 8 to 512 unreserved characters"
   },
   "code_challenge": {
    "schema": {
     "type": "string"
    },
    "description": "SHA-256 of the command’s verifier, base64url (RFC 7636)"
   },
   "code_challenge_method": {
    "schema": {
     "enum": [
      "S256"
     ]
    },
    "description": "The only one there is"
   }
  }
 },
 {
  "id": "login.token",
  "method": "POST",
  "form": true,
  "maxBodyBytes": 65536,
  "path": "/cli/auth/token",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "page": true,
  "body": true
 },
 {
  "id": "login.oidc",
  "method": "POST",
  "form": true,
  "maxBodyBytes": 65536,
  "path": "/cli/auth/oidc",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "page": true,
  "body": true
 },
 {
  "id": "login.callback",
  "method": "GET",
  "path": "/cli/auth/callback",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "page": true,
  "query": {
   "code": {
    "schema": {
     "type": "string"
    },
    "description": "The issuer’s code"
   },
   "state": {
    "schema": {
     "type": "string"
    },
    "description": "As it was sent to the issuer"
   },
   "iss": {
    "schema": {
     "type": "string"
    },
    "description": "The issuer (RFC 9207)"
   },
   "error": {
    "schema": {
     "type": "string"
    },
    "description": "Why the issuer signs nobody in"
   }
  }
 },
 {
  "id": "login.exchange",
  "method": "POST",
  "path": "/cli/auth/exchange",
  "access": {
   "identity": "none"
  },
  "scope": "none",
  "body": true
 }
];
