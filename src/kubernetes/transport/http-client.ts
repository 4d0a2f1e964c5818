import api from 'undici/lib/api/index.js';
import DispatcherClass from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';

/**
 * undici's connection pool and proxy, without the rest of it. The package as a whole loads fetch, WebSockets, mocks and caches too,
 * which cost every Pod of Sluice 11 MB that it never uses. Its version is exact in package.json, and a test compares these with what
 * the package exports.
 */

// The package's own entry point does this; without it a pool has no `request`.
Object.assign(DispatcherClass.prototype, api);

export { Pool, ProxyAgent };
