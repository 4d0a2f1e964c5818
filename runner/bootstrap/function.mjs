// Preloaded by `deno run`. The script is the main module, as if this were not here; once it is loaded, its default export, if it
// is a function, is called with the context, and what it returns is the result.
const resultFile = Deno.env.get('KEPTN_RESULT');
const context = Deno.env.get('KEPTN_CONTEXT');

addEventListener('load', () => {
  void callDefault();
});

async function callDefault() {
  const { default: run } = await import(Deno.mainModule);
  if (typeof run !== 'function') return;
  const value = await run(JSON.parse(context || '{}'));
  if (value !== undefined) Deno.writeTextFileSync(resultFile, jsonOf(value));
}

// What is no JSON is left for the runner to report: the function has done its work.
function jsonOf(value) {
  try {
    return JSON.stringify(value) ?? `the default export returned a ${typeof value}`;
  } catch (error) {
    return `the default export returned what cannot be written as JSON: ${String(error)}`;
  }
}
