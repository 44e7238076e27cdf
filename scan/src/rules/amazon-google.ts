// AWS and Google Cloud.

import { defineRules } from '../rule.ts';

const urlSafe = 'A-Za-z0-9_-';
const base64 = 'A-Za-z0-9+/=';

export const amazonGoogleRules = defineRules([
  // Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
  {
    id: 'aws-access-key-id',
    title: 'AWS access key id',
    keywords: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: '(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}',
    entropy: 2.9,
    allow: { values: ['EXAMPLE'] },
  },
  {
    id: 'aws-secret-access-key',
    title: 'AWS secret access key',
    severity: 'critical',
    confidence: 'structured',
    keywords: ['secret', 'aws_', 'access_key', 'access-key', 'accesskey'],
    assigned: true,
    pattern: '[A-Za-z0-9/+]{40}',
    name: 'aws.{0,20}(?:secret|key|sk)|secret[-_.]?(?:access)?[-_.]?key|secretaccesskey|^(?:access|secret|aws)[-_]?(?:secret|key)',
    entropy: 3.9,
    checks: ['random'],
    allow: { values: ['EXAMPLE', '^[0-9a-f]{40}$'] },
    samples: {
      true: ['aws_secret_access_key = {match}'],
      false: [
        'aws_secret_access_key = "${AWS_SECRET}"',
        'aws_secret_access_key: {{ vault_aws_secret_access_key_of_the_account }}',
      ],
    },
  },
  {
    id: 'aws-key-pair-secret',
    title: 'AWS secret access key beside its id',
    severity: 'critical',
    confidence: 'structured',
    keywords: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: 'A(?:KI|SI|BI|CC)A[A-Z2-7]{16}["\'`]?\\s{0,4}[,:;|\\s]\\s{0,20}["\'`]?([A-Za-z0-9/+]{40})',
    right: base64,
    entropy: 3.9,
    checks: ['random'],
    allow: { values: ['EXAMPLE', '^[0-9a-f]{40}$'] },
    samples: {
      true: [
        // The id of Amazon's documents is no finding of its own.
        'Access key ID,Secret access key\nAKIAIOSFODNN7EXAMPLE,{base64:40}',
        'new BasicAWSCredentials("AKIAIOSFODNN7EXAMPLE", "{base64:40}")',
      ],
      false: ['AKIAIOSFODNN7EXAMPLE,{hex:40}', 'AKIAIOSFODNN7EXAMPLE,{base64:44}'],
    },
  },
  {
    id: 'aws-session-token',
    title: 'AWS session token',
    confidence: 'structured',
    keywords: ['session_token', 'sessiontoken', 'security_token', 'securitytoken'],
    assigned: true,
    pattern: '(?:FwoGZXIvYXdz|FQoGZXIvYXdz|IQoJb3JpZ2luX2Vj)[A-Za-z0-9+/=]{80,2000}',
  },
  {
    id: 'aws-bedrock-api-key',
    title: 'Amazon Bedrock API key',
    keywords: ['ABSK'],
    pattern: 'ABSK[A-Za-z0-9+/]{109,269}={0,2}',
    right: base64,
    entropy: 3.5,
  },
  {
    id: 'aws-bedrock-short-api-key',
    title: 'Amazon Bedrock API key (short-lived)',
    keywords: ['bedrock-api-key-'],
    pattern: 'bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/=]{20,4000}',
    right: base64,
  },
  {
    id: 'aws-mws-token',
    title: 'Amazon MWS auth token',
    keywords: ['amzn.mws.'],
    pattern: 'amzn\\.mws\\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  },
  {
    id: 'gcp-api-key',
    title: 'Google API key',
    keywords: ['AIza'],
    pattern: 'AIza[A-Za-z0-9_-]{35}',
    right: urlSafe,
    entropy: 3.5,
  },
  {
    id: 'gemini-api-key',
    title: 'Google Gemini API key',
    keywords: ['AQ.Ab8RN6'],
    pattern: 'AQ\\.Ab8RN6[A-Za-z0-9_-]{44}',
    right: urlSafe,
  },
  {
    id: 'gcp-oauth-client-secret',
    title: 'Google OAuth client secret',
    keywords: ['GOCSPX-'],
    pattern: 'GOCSPX-[A-Za-z0-9_-]{28}',
    right: urlSafe,
    entropy: 3,
  },
  {
    id: 'gcp-oauth-access-token',
    title: 'Google OAuth access token',
    severity: 'medium',
    keywords: ['ya29.'],
    pattern: 'ya29\\.(?:[a-z]\\.)?[A-Za-z0-9_-]{20,1024}',
    right: urlSafe,
    entropy: 3.5,
  },
  {
    id: 'gcp-oauth-refresh-token',
    title: 'Google OAuth refresh token',
    keywords: ['1//0'],
    pattern: '1//0[A-Za-z0-9_-]{40,120}',
    right: urlSafe,
    entropy: 4,
  },
  {
    id: 'gcp-service-account-key',
    title: 'Google service account key',
    severity: 'critical',
    keywords: ['"private_key":', '"private_key" :', '\\"private_key\\":'],
    pattern:
      '\\\\?"private_key\\\\?"\\s{0,2}:\\s{0,4}\\\\?"(-----BEGIN (?:RSA )?PRIVATE KEY-----(?:[^"-]|-(?!----)){100,8000}-----END (?:RSA )?PRIVATE KEY-----)',
    left: '',
    right: '',
    anyValue: true,
    checks: ['pem'],
    samples: {
      true: ['"private_key": "{pem-inline}"'],
      false: ['"private_key": "-----BEGIN PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----\\n"'],
    },
  },
  {
    id: 'firebase-server-key',
    title: 'Firebase Cloud Messaging server key',
    keywords: [':APA91b'],
    pattern: '[A-Za-z0-9_-]{7,22}:APA91b[A-Za-z0-9_-]{130,140}',
    lead: { chars: 'A-Za-z0-9_-', max: 22 },
    left: urlSafe,
    right: urlSafe,
  },
]);
