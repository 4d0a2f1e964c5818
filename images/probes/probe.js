// What a function in Deno finds in the image.
import { context, parameter, result, secret } from 'sluice';

const answer = await fetch(parameter('url'));

result({
  user: writtenBy('/tmp/tried'),
  readOnly: writtenBy('/tried') === undefined,
  app: context().appName,
  secret: secret('token'),
  downloaded: await answer.text(),
});

/** The user that a file belongs to once it is written; undefined where it cannot be. */
function writtenBy(path) {
  try {
    Deno.writeTextFileSync(path, '');
    return String(Deno.statSync(path).uid);
  } catch {
    return undefined;
  }
}
