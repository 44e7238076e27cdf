// The version that reports name.

export const scanVersion = '0.1.0';
