// The version of this build: one for all packages.

import packageFile from '../../package.json' with { type: 'json' };

export const zvaultVersion: string = packageFile.version;
