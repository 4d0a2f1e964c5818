import packageJson from '../../package.json' with { type: 'json' };

/** The version of this program. */
export const version: string = packageJson.version;

/** What the API server's audit log shows as the user agent. */
export const userAgent = `sluice/${version}`;
