import { getBuiltinModule } from 'node:process';

/**
 * `Agent` and `request` of `node:http`. An import of that module reads each of its exports, and `WebSocket` among them loads
 * Node's own fetch, which costs every Pod 13 MB that it never uses. Asked for in this way, the module stays as it is.
 */
export const { Agent: HttpAgent, request: httpRequest } = getBuiltinModule('node:http');
