import type { FastifyServerOptions } from 'fastify';

/**
 * Keeps fastify from loading its schema compilers, an Ajv of its own and a serializer, which cost each Pod about 5 MB: no route of
 * Sluice has a schema, because a review is parsed once, where it is answered. A route that gets one all the same cannot be registered.
 */
export const withoutSchemas: Pick<FastifyServerOptions, 'schemaController'> = {
  schemaController: {
    compilersFactory: { buildValidator: refuse, buildSerializer: refuse },
  },
};

function refuse(): never {
  throw new Error(
    'a route has a schema, and this server has no compiler for schemas: parse what arrives in the handler',
  );
}
