import { managedByKeptn, recommendedLabels } from '../api/keptn/annotations.ts';
import type { KeptnApp } from '../api/keptn/app.ts';
import { isBookkeeping } from './bookkeeping.ts';

const { managedBy } = recommendedLabels;

/**
 * Whether discovery made the app and keeps it up to date. The label alone does not tell, because an export carries it along:
 * an app that kubectl, Helm, Argo CD or Flux applies, or that another object owns, is its users'.
 */
export function isGenerated(app: KeptnApp): boolean {
  return hasLabel(app) && !isKeptByOthers(app);
}

/** Whether the app says that discovery made it, although its users keep it: an exported one that was applied. */
export function isGeneratedInNameOnly(app: KeptnApp): boolean {
  return hasLabel(app) && isKeptByOthers(app);
}

function hasLabel({ metadata }: KeptnApp): boolean {
  return metadata.labels?.[managedBy] === managedByKeptn;
}

function isKeptByOthers({ metadata }: KeptnApp): boolean {
  const { labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  const keys = [...Object.keys(labels), ...Object.keys(annotations)];
  return ownerReferences.length > 0 || keys.some((key) => key !== managedBy && isBookkeeping(key));
}
