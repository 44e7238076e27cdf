// All rules. A new group of rules is one file and one line in each list here.

import type { Rule } from '../rule.ts';
import { aiRules } from './ai.ts';
import { amazonGoogleRules } from './amazon-google.ts';
import { azureRules } from './azure.ts';
import { chatRules } from './chat.ts';
import { databasesRules } from './databases.ts';
import { forgeRules } from './forges.ts';
import { genericRules } from './generic.ts';
import { hostingRules } from './hosting.ts';
import { infrastructureRules } from './infrastructure.ts';
import { interfacesRules } from './interfaces.ts';
import { mailTelephonyRules } from './mail-telephony.ts';
import { monitoringRules } from './monitoring.ts';
import { packagesRules } from './packages.ts';
import { paymentsRules } from './payments.ts';
import { pipelinesRules } from './pipelines.ts';
import { placesRules } from './places.ts';
import { socialRules } from './social.ts';
import { structuredRules } from './structured.ts';
import { workRules } from './work.ts';

/** Every rule, in the order of the files' names. */
export const rules: readonly Rule[] = [
  ...aiRules,
  ...amazonGoogleRules,
  ...azureRules,
  ...chatRules,
  ...databasesRules,
  ...forgeRules,
  ...genericRules,
  ...hostingRules,
  ...infrastructureRules,
  ...interfacesRules,
  ...mailTelephonyRules,
  ...monitoringRules,
  ...packagesRules,
  ...paymentsRules,
  ...pipelinesRules,
  ...placesRules,
  ...socialRules,
  ...structuredRules,
  ...workRules,
];
