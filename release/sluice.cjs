#!/usr/bin/env node
// What `npx sluice` and `kubectl sluice` start. It is understood by any Node, so that an old one gets a sentence and not a syntax error.
'use strict';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    'sluice needs Node.js 24 or newer, and this is ' + process.versions.node + '\n',
  );
  process.exit(1);
}
import('./main.js').catch(function (error) {
  process.stderr.write(String((error && error.stack) || error) + '\n');
  process.exitCode = 1;
});
