/** The most objects of one page (what kubectl and client-go ask for). */
const maxObjects = 500;

/**
 * Parsing a page holds the event loop. 1 MB of JSON takes about 8 ms, so that a page of large objects stays well below the
 * 30 ms that target T9 allows, also on a slower machine.
 */
const targetBytes = 1_000_000;

/** Before anything is known about the size of the objects. */
export const firstPageSize = 100;

/** How many objects to ask for next, from the size of the page just read. */
export function nextPageSize(page: { readonly objects: number; readonly bytes: number }): number {
  if (page.objects === 0) return firstPageSize;
  const fitting = Math.floor((targetBytes * page.objects) / Math.max(1, page.bytes));
  return Math.min(maxObjects, Math.max(10, fitting));
}
