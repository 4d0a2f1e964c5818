// Imported on demand. By this file and not by its name: a bundler gives a CommonJS package that is imported on demand no named exports.
export { stringify } from 'yaml';
