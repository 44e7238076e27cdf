export { routes, type RouteId } from './routes.ts';
export type { Access, Method, Parameter, Route, ScopeKind } from './route.ts';
export type { Infer, Schema } from './schema.ts';
export * as shapes from './shapes.ts';
