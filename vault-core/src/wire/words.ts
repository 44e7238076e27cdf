// The closed lists of words that bodies hold, apart from the schemas: the server and the client run without those.

export const roles = ['admin', 'developer', 'viewer'] as const;
export const permissions = ['read', 'write'] as const;
export const transitKeyTypes = ['aes256-gcm96', 'ed25519'] as const;
export const rotatableKeys = ['root', 'system', 'organizations', 'mounts'] as const;

export type Role = (typeof roles)[number];
export type Permission = (typeof permissions)[number];
export type TransitKeyType = (typeof transitKeyTypes)[number];
export type Rotatable = (typeof rotatableKeys)[number];
