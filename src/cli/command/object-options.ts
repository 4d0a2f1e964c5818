import { Option } from 'commander';

/** `-n`: of every command that asks a cluster about objects of a namespace. */
export function namespaceOption(): Option {
  return new Option('-n, --namespace <name>', 'namespace; that of the context if not given');
}

/** `-A`: of commands that show several objects. */
export function allNamespacesOption(): Option {
  return new Option('-A, --all-namespaces', 'of all namespaces');
}

/** `-l`: of commands that are about one object or several. */
export function selectorOption(of: string): Option {
  return new Option('-l, --selector <query>', `${of} with these labels, such as app=cart,tier!=db`);
}

/** What the options of this file may say. */
export interface ObjectOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly selector?: string;
}

/** The namespace that is meant: undefined for all of them, and that of the context where none is given. */
export function namespaceOf(
  { namespace, allNamespaces }: ObjectOptions,
  context: { readonly namespace: string },
): string | undefined {
  return allNamespaces === true ? undefined : (namespace ?? context.namespace);
}

/** How a message names the namespace that was asked about. */
export function placeText(namespace: string | undefined): string {
  return namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
}
