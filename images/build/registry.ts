/** Docker's registry answers under another name than its images have. */
const hosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** Whether the registry of an image, given by its full name, answers at all within ten seconds, be it that it asks for a login. */
export async function registryAnswers(image: string): Promise<boolean> {
  const [registry = ''] = image.split('/');
  try {
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(`https://${hosts[registry] ?? registry}/v2/`, { signal });
    return response.ok || response.status === 401;
  } catch {
    return false;
  }
}
