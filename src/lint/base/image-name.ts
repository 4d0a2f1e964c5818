/**
 * Why no image can have this name, and what to write; undefined for one that an image may have. Judged as container runtimes
 * read it: `[host[:port]/]path[:tag][@digest]`.
 */
export function imageNameProblem(image: string): string | undefined {
  if (/\s/u.test(image)) return 'has white space in it; remove it';
  const [name = '', ...digests] = image.split('@');
  const digest = digests[0];
  if (
    digests.length > 1 ||
    (digest !== undefined && !/^[a-z0-9+._-]+:[0-9a-f]{32,}$/iu.test(digest))
  ) {
    return 'has no digest behind the @; write sha256: and its 64 digits';
  }
  const parts = name.split('/');
  const path = isHost(parts) ? parts.slice(1) : parts;
  const last = path.at(-1) ?? '';
  const colon = last.indexOf(':');
  const tag = colon < 0 ? undefined : last.slice(colon + 1);
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/u.test(tag)) {
    return 'has no tag behind the colon that an image can have; write letters, digits, _, . and -';
  }
  const names = [...path.slice(0, -1), colon < 0 ? last : last.slice(0, colon)];
  if (names.some((one) => /[A-Z]/u.test(one))) return 'has capital letters; write it in lower case';
  const isLegal = names.every((one) => /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/u.test(one));
  return isLegal
    ? undefined
    : 'cannot be the name of an image; write host/path:tag, the path in lower-case letters, digits, ., _ and -';
}

/** Whether the first part is a registry: it has a dot or a port, as no part of a path on the default registry does. */
function isHost([first = '', ...rest]: readonly string[]): boolean {
  const isName = /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/iu.test(first);
  return rest.length > 0 && isName && (/[.:]/u.test(first) || first === 'localhost');
}
